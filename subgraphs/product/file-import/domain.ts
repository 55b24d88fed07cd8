/** The rules of an import from a file: which lines can be imported, and what is told of the others. Pure. */
import { Refusal, type UserError } from '../../../platform/errors.ts';
import type { ReadInput } from '../../../platform/graphql/read-input.ts';
import { type CheckedProduct, checkImport } from '../import/domain.ts';
import type { ImportError } from '../entities.ts';
import type { ImportProductInput } from '../resolvers.generated.ts';
import { MAX_LINE } from './lines.ts';

/** A fault of a line, as the result of the job tells it. */
export interface LineError {
  /** From 1. */
  line: number;
  code: string;
  message: string;
  /** Where in the line's object. */
  path: readonly string[];
}

/** A line that can be imported, as far as is known. */
export interface GoodLine {
  line: number;
  product: ImportProductInput;
}

/** What Windows programs put before UTF-8 (RFC 8259, 8.1: a reader may ignore it). */
const BYTE_ORDER_MARK = /^\ufeff/;

/** The most errors that are told of one line. */
const MAX_ERRORS = 20;

/** Reads a line. Undefined for an empty one. */
export function readLine(
  line: number,
  text: string | null,
  read: (value: unknown) => ReadInput<ImportProductInput>,
): GoodLine | LineError[] | undefined {
  const fault = (message: string): LineError[] => [{ line, code: 'INVALID_INPUT', message, path: [] }];
  if (text === null) return fault(`The line has more than ${MAX_LINE.toLocaleString('en')} bytes.`);
  // A trimmed text has no such mark either.
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line === 1 ? text.replace(BYTE_ORDER_MARK, '') : text);
  } catch {
    return fault('The line is not JSON: write each product as one object on one line.');
  }
  const found = read(value);
  return 'input' in found ? { line, product: found.input } : found.errors.map((error) => asLineError(line, error));
}

/** Lines that passed a check, and the faults of the others. */
export interface Sifted<Passed> {
  good: GoodLine[];
  passed: Passed;
  errors: LineError[];
}

/** Takes the lines out that the rules of an import refuse: what is left passes them together. */
export function siftByRules(lines: readonly GoodLine[]): Sifted<CheckedProduct[]> {
  const errors: LineError[] = [];
  for (let good = [...lines]; ; ) {
    if (good.length === 0) return { good, passed: [], errors };
    try {
      return { good, passed: checkImport(good.map(({ product }) => product)), errors };
    } catch (error) {
      const out = refusedOf(good, error);
      errors.push(...out.errors);
      good = out.good;
    }
  }
}

/** Parts lines by a refusal: what it names goes. @throws the error itself if it is no refusal, or names no line */
export function refusedOf(lines: readonly GoodLine[], error: unknown): { good: GoodLine[]; errors: LineError[] } {
  if (!(error instanceof Refusal)) throw error;
  const errors = error.userErrors.flatMap((one) => atLine(lines, one) ?? []);
  const named = new Set(errors.map(({ line }) => line));
  if (named.size === 0) throw error;
  return { good: lines.filter(({ line }) => !named.has(line)), errors: fewOfEach(errors) };
}

/** What is told of lines whose import was undone: the faults of those that have one, and of the others why they went too. */
export function undoneErrors(lines: readonly number[], errors: readonly ImportError[]): LineError[] {
  const told = errors.flatMap(
    (one) =>
      atLine(
        lines.map((line) => ({ line })),
        { ...one },
      ) ?? [],
  );
  const guilty = new Set(told.map(({ line }) => line));
  const why = guilty.size > 0 ? `with line ${[...guilty].sort((a, b) => a - b).join(', ')}` : 'as a whole';
  const message = `It was undone ${why}: import it again.`;
  const others = lines
    .filter((line) => !guilty.has(line))
    .map((line) => ({ line, code: 'INVALID_STATE', message, path: [] }));
  return [...fewOfEach(told), ...others].sort((a, b) => a.line - b.line);
}

/** Errors as lines of the result. */
export const reported = (errors: readonly LineError[]): string =>
  errors.map((error) => `${JSON.stringify(error)}\n`).join('');

/** An error of an import, `input.products.3.variants.0.sku`, at its line. */
function atLine(lines: readonly { line: number }[], { code, message, path = [] }: UserError): LineError | undefined {
  const [input, products, n, ...rest] = path;
  const at = input === 'input' && products === 'products' && n !== undefined ? lines[Number(n)] : undefined;
  return at && { line: at.line, code, message, path: rest };
}

const asLineError = (line: number, { code, message, path = [] }: UserError): LineError => ({
  line,
  code,
  message,
  path,
});

function fewOfEach(errors: readonly LineError[]): LineError[] {
  const told = new Map<number, number>();
  return errors.filter(({ line }) => {
    const before = told.get(line) ?? 0;
    told.set(line, before + 1);
    return before < MAX_ERRORS;
  });
}
