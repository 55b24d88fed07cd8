import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A room's lines by what they are for. */
export interface RoomLines {
  /** Hand-written lines, without blank ones, tests and demo data. */
  all: number;
  imports: number;
  /** Columns of the entities, and the types that are inferred from them. */
  entities: number;
  /** What joins the parts of a room: the agent, its loaders, its access, the dependencies that a factory takes. */
  wiring: number;
  /** Resolvers, which pass a request on to a query, a loader or a service. */
  resolvers: number;
  /** Payloads and stubs of other agents' types in the SDL. */
  shapes: number;
}

const WIRING = /(^|\/)(agent|loaders|access)\.ts$/;

/**
 * Counts a room's ceremony: the lines that another room of the same kind would have too. Counted by file and pattern,
 * so a lower bound.
 */
export function roomLines(room: string): RoomLines {
  const lines: RoomLines = { all: 0, imports: 0, entities: 0, wiring: 0, resolvers: 0, shapes: 0 };
  const files = globSync('**/*.{ts,graphql,sql}', {
    cwd: room,
    exclude: (path) => /\.test\.ts$|\.generated\.ts$|(^|\/)(demo|world)(\.ts|-.*\.ts)?$/.test(path),
  });
  for (const file of files) count(file, readFileSync(join(room, file), 'utf8'), lines);
  return lines;
}

function count(file: string, text: string, lines: RoomLines): void {
  const importing = linesOf(text.match(/^import [\s\S]*?;$/gm) ?? []);
  const rest = linesOf([text]) - importing;
  const dependencies = linesOf(text.match(/^(interface Parts \{[\s\S]*?^\}|export type \w+ = ReturnType<.*)$/gm) ?? []);
  lines.all += importing + rest;
  lines.imports += importing;
  if (file.endsWith('.graphql')) lines.shapes += linesOf(text.match(SHAPES) ?? []);
  else if (file.endsWith('entities.ts')) lines.entities += rest;
  else if (WIRING.test(file)) lines.wiring += rest;
  else if (file.endsWith('resolvers.ts')) lines.resolvers += rest;
  else lines.wiring += dependencies;
}

/** A payload with its description, and a type of another agent that a field is added to. */
const SHAPES = /^("[^"\n]*"\n)?type \w+Payload\b[^{]*\{[\s\S]*?^\}|^type Customer [^{]*\{[\s\S]*?^\}/gm;

const linesOf = (texts: readonly string[]): number =>
  texts.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '').length;
