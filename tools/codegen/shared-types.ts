/**
 * The types that the modules of all rooms would repeat stand in one module, which is generated from the shared SDL alone.
 * A room imports from it each declaration that it has word for word, as long as that refers to nothing that the room
 * declares otherwise.
 */

/** Types with an entry for each type of the graph: a room adds entries of its own to the shared ones. */
const MAPS = new Set(['ResolversTypes', 'ResolversParentTypes', 'Resolvers']);

/**
 * The shared enum that rooms extend: a room has the shared values and its own. In the shared types the code of a user
 * error is any text, as in `platform/errors.ts`.
 */
const EXTENDED = 'ErrorCode';

/** A type beside the shared ones, so that all helper types are generated. Every statement that mentions it is left out. */
const PLACEHOLDER = 'Placeholder';

/** The SDL of the placeholder: an entity with an argument and with a field of a mapped type. */
export const PLACEHOLDER_SDL = `type ${PLACEHOLDER} @key(fields: "id") { id: ID! errors(of: ID!): [UserError!]! }`;

/** A top-level statement of a module with its comment; without a name if it declares no type. */
interface Statement {
  name: string | undefined;
  text: string;
}

/** The module of shared types, out of all that is generated from the shared SDL and the placeholder's. */
export const sharedModule = (generated: string): string =>
  moduleOf(
    sharedStatements(generated).map(({ name, text }) =>
      name === EXTENDED ? text : text.replaceAll(`: ${EXTENDED};`, ': string;'),
    ),
  );

/** A room's module that imports the shared types from `path`, out of all that is generated from its SDL and of the shared. */
export function roomModule(generated: string, generatedOfShared: string, path: string): string {
  const statements = statementsOf(generated);
  const shared = entriesOf(sharedStatements(generatedOfShared));
  const common = commonTo(entriesOf(statements), shared);
  const texts = statements.flatMap(({ name, text }) => {
    if (name === undefined) return [text];
    if (MAPS.has(name)) return [addedToShared(name, text, shared, common)];
    if (common.has(name)) return [];
    return name === EXTENDED ? [extensionOf(text, shared.get(name))] : [text];
  });
  const used = new Set(texts.flatMap((text) => [...keysIn(text)]));
  const imported = [
    ...[...used].filter((name) => common.has(name) && /^\w+$/.test(name)),
    ...[...MAPS, EXTENDED].filter((name) => used.has(aliasOf(name))).map((name) => `${name} as ${aliasOf(name)}`),
  ];
  return moduleOf(texts, `import type { ${imported.sort().join(', ')} } from '${path}';\n`);
}

/** The name of a shared declaration in a room that has one of the same name. */
const aliasOf = (name: string): string => `Shared${name}`;

const STATEMENT = /^(?=\/\*\*|import |export | +(?:export )?type \w)/m;
const NAME = /^ *(?:export )?(?:type|interface) (\w+)/m;

function statementsOf(module: string): Statement[] {
  const statements: Statement[] = [];
  let comment = '';
  for (const piece of module.split(STATEMENT)) {
    const isComment = piece.startsWith('/**');
    if (!isComment) statements.push({ name: NAME.exec(piece)?.[1], text: `${comment}${piece.trim()}\n` });
    comment = isComment ? piece : '';
  }
  return statements;
}

/** The statements without the placeholder. */
const sharedStatements = (generated: string): Statement[] =>
  statementsOf(generated)
    .map(({ name, text }) => ({ name, text: MAPS.has(name ?? '') ? text.replaceAll(ENTRY, unlessPlaceholder) : text }))
    .filter(({ text }) => unlessPlaceholder(text));

const unlessPlaceholder = (text: string): string => (text.includes(PLACEHOLDER) ? '' : text);

/** A line of a map. */
const ENTRY = /^ {2}(\w+)\??: .*;\n/gm;
const entryKey = (map: string, entry: string): string => `${map}['${entry}']`;

/** Every declaration by its name, and every entry of the maps as one refers to it: `ResolversTypes['Money']`. */
const entriesOf = (statements: readonly Statement[]): Map<string, string> =>
  new Map(
    statements.flatMap(({ name, text }): [string, string][] => {
      if (name === undefined) return [];
      if (!MAPS.has(name)) return [[name, text]];
      return [...text.matchAll(ENTRY)].map(([line, entry]) => [entryKey(name, entry!), line]);
    }),
  );

const REFERENCE = /\b(Resolvers(?:Parent)?Types)\['(\w+)'\]|'[^']*'|\b([A-Z]\w*)\b(?!\??:)/g;

/** The declarations and entries that a text refers to: no word of a comment, of a text or of a property's name. */
function* keysIn(text: string): Generator<string> {
  for (const [, map, entry, name] of text.replaceAll(/\/\*\*[^]*?\*\//g, '').matchAll(REFERENCE)) {
    if (map) yield entryKey(map, entry!);
    else if (name) yield name;
  }
}

/** The keys of the declarations and entries that are the same in both, with all that they refer to. */
function commonTo(own: ReadonlyMap<string, string>, shared: ReadonlyMap<string, string>): Set<string> {
  const extended = new Set([EXTENDED, ...[...MAPS].map((map) => entryKey(map, EXTENDED))]);
  const common = new Set([...shared.keys()].filter((key) => own.get(key) === shared.get(key)));
  const isOwn = (key: string): boolean => own.has(key) && !common.has(key) && !extended.has(key);
  for (let size = -1; size !== common.size; ) {
    size = common.size;
    for (const key of common) if (keysIn(shared.get(key)!).some(isOwn)) common.delete(key);
  }
  // The shared maps have any text for it.
  for (const map of MAPS) common.delete(entryKey(map, EXTENDED));
  return common;
}

/** A map of the room's own entries, added to those of the shared one that are the same. */
function addedToShared(
  name: string,
  text: string,
  shared: ReadonlyMap<string, string>,
  common: ReadonlySet<string>,
): string {
  const inShared = [...shared.keys()].flatMap((key) => (key.startsWith(`${name}[`) ? [key.split("'")[1]!] : []));
  const replaced = inShared.filter((entry) => !common.has(entryKey(name, entry)));
  const base = aliasOf(name) + (text.includes(`${name}<ContextType`) ? '<ContextType>' : '');
  const rest = replaced.length > 0 ? `Omit<${base}, ${replaced.map((entry) => `'${entry}'`).join(' | ')}>` : base;
  return text
    .replace(ENTRY, (line, entry: string) => (common.has(entryKey(name, entry)) ? '' : line))
    .replace(' = {\n', ` = ${rest} & {\n`);
}

/** An enum with more values than the shared one: that, and the others. No word of the shared one is repeated. */
function extensionOf(text: string, shared = ''): string {
  const values = shared.slice(shared.indexOf(' =\n') + ' =\n'.length, shared.lastIndexOf(';'));
  const declaration = text.slice(text.indexOf('export type'));
  return `/** The shared values, and the room's own. */\n${declaration.replace(values, `  | ${aliasOf(EXTENDED)}`)}`;
}

/** The statements with the imports that they use, and one more. */
function moduleOf(texts: readonly string[], sharedImport = ''): string {
  const [imports, body] = [texts.filter(isImport), texts.filter((text) => !isImport(text))];
  const used = new Set(body.flatMap((text) => [...keysIn(text)]));
  const needed = imports.flatMap((text) => {
    const [, names = '', path] = /^import type \{ (.*) \} from (.*);$/m.exec(text) ?? [];
    const kept = names.split(', ').filter((name) => used.has(name.split(' ').at(-1)!));
    return kept.length > 0 ? [`import type { ${kept.join(', ')} } from ${path};\n`] : [];
  });
  return [[...needed, sharedImport].join(''), ...body].join('\n');
}

const isImport = (text: string): boolean => text.startsWith('import ');
