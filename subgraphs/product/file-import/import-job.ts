/**
 * The job that imports a file. A chunk takes some lines, and begins an import of those that can be imported in the
 * transaction of its progress; the saga `importProducts` carries it out as any other. The next chunk waits for its end.
 */
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { anyOf } from '../../../platform/data/any-of.ts';
import { refuse } from '../../../platform/errors.ts';
import type { FileRow } from '../../../platform/files/file-entity.ts';
import type { Files } from '../../../platform/files/files.ts';
import { inputReader } from '../../../platform/graphql/read-input.ts';
import { roomSdl } from '../../../platform/graphql/room-sdl.ts';
import { serviceActor } from '../../../platform/identity/actor.ts';
import { newId } from '../../../platform/ids.ts';
import { defineJob, type JobChunk, type JobInHand, type JobWaits } from '../../../platform/jobs/job-kind.ts';
import type { Tables } from '../entities.ts';
import { beginImport, rowsOf } from '../import/begin-import.ts';
import { checkReferences } from '../import/check-references.ts';
import type { ImportProductInput } from '../resolvers.generated.ts';
import { type GoodLine, type LineError, readLine, refusedOf, reported, siftByRules, undoneErrors } from './domain.ts';
import { countLines, MAX_LINES, readLines } from './lines.ts';

/** Lines of one import: as many as the saga's steps take in one transaction. */
const LINES = 25;
/** Bytes of one import at most, which are an input of its saga. */
const BYTES = 262_144;

const input = z.object({ fileId: z.string(), merchantId: z.string() });

type Input = z.infer<typeof input>;

/** Where a chunk begins. */
interface State {
  /** Bytes and lines that were read. */
  offset: number;
  line: number;
  /** Number of lines in the file, once they are counted. */
  total: number | null;
  isEnd: boolean;
  /** The import that is being carried out. */
  pending: { importId: string; lines: number[]; productIds: string[] } | null;
  imported: number;
  refused: number;
}

type Chunk = JobChunk<State> | JobWaits;

export const importJob = ({ store, clock, ask }: AgentContext<Tables>, files: Files) => {
  let reader: ReturnType<typeof inputReader<ImportProductInput>> | undefined;
  // Made for the first line: the schema of the room costs some time.
  const read = (value: unknown) =>
    (reader ??= inputReader(roomSdl(fileURLToPath(new URL('..', import.meta.url))), 'ImportProductInput'))(value);

  const fileOf = async ({ fileId }: Input): Promise<FileRow> => {
    const file = await files.visible(fileId, 'ALL');
    if (file?.status === 'READY') return file;
    throw refuse('INVALID_STATE', 'The file is not there any more: upload it again, and import what is missing.');
  };

  const reading = async <T>(file: FileRow, start: number, use: (content: Readable) => Promise<T>): Promise<T> => {
    const content = await files.read(file, start);
    return use(content).finally(() => content.destroy());
  };

  /** Takes the lines out whose references do not hold. What is left holds together. */
  const siftByReferences = async (given: readonly GoodLine[], job: JobInHand<Input, State>) => {
    const within = { actor: serviceActor('product'), correlationId: job.id, signal: job.signal };
    const errors: LineError[] = [];
    for (let good = [...given]; ; ) {
      const { good: lines, passed, errors: found } = siftByRules(good);
      errors.push(...found);
      if (lines.length === 0) return { lines, passed, errors };
      try {
        await checkReferences({ store, ask }, passed, within);
        return { lines, passed, errors };
      } catch (error) {
        const out = refusedOf(lines, error);
        errors.push(...out.errors);
        good = out.good;
      }
    }
  };

  /** What became of the import that was begun last. */
  const settle = async (state: State): Promise<Chunk> => {
    const { importId, lines, productIds } = state.pending!;
    const found = await store.read
      .selectFrom('import')
      .select(['refusal', 'errors'])
      .where('id', '=', importId)
      .execute();
    if (found[0]?.refusal != null) {
      const next = { ...state, pending: null, refused: state.refused + lines.length };
      return told(next, undoneErrors(lines, found[0].errors));
    }
    const products = store.read.selectFrom('product').select('id').where('id', '=', anyOf(productIds));
    const settled = await products.where('status', '<>', 'DRAFT').execute();
    if (settled.length < productIds.length) return { waits: true };
    return told({ ...state, pending: null, imported: state.imported + lines.length }, []);
  };

  const next = async (job: JobInHand<Input, State>): Promise<Chunk> => {
    const { state } = job;
    const { merchantId } = job.input;
    const file = await fileOf(job.input);
    const { lines, bytes, isEnd } = await reading(file, state.offset, (content) =>
      readLines(content, { maxLines: LINES, maxBytes: BYTES }),
    );
    const errors: LineError[] = [];
    const good = lines.flatMap((text, n) => {
      const one = readLine(state.line + n + 1, text, read);
      if (Array.isArray(one)) errors.push(...one);
      return one === undefined || Array.isArray(one) ? [] : one;
    });
    const sifted = await siftByReferences(good, job);
    errors.push(...sifted.errors);
    const refused = state.refused + new Set(errors.map(({ line }) => line)).size;
    const behind = { offset: state.offset + bytes, line: state.line + lines.length, isEnd, refused };
    errors.sort((a, b) => a.line - b.line);
    if (sifted.lines.length === 0) return told({ ...state, ...behind }, errors);
    const importId = newId('import');
    const rows = rowsOf(sifted.passed);
    const pending = { importId, lines: sifted.lines.map(({ line }) => line), productIds: rows.map(({ id }) => id) };
    return {
      ...told({ ...state, ...behind, pending }, errors),
      locks: [importId],
      apply: (work) => beginImport(work, { importId, merchantId, rows, createdAt: clock.now() }),
    };
  };

  return defineJob<Input, State>({
    name: 'importProductsFromFile',
    input,
    begin: () => ({ offset: 0, line: 0, total: null, isEnd: false, pending: null, imported: 0, refused: 0 }),
    async chunk(job) {
      const { state } = job;
      if (state.pending) return settle(state);
      if (state.total !== null) return next(job);
      const total = await reading(await fileOf(job.input), 0, (content) => countLines(content, MAX_LINES));
      if (total > MAX_LINES)
        throw refuse(
          'INVALID_INPUT',
          `The file has more than ${MAX_LINES.toLocaleString('en')} lines, blank ones counted: import it in parts.`,
        );
      return told({ ...state, total }, []);
    },
    result: { purpose: 'import-errors', mediaType: 'application/x-ndjson', nameOf: () => 'import-errors.jsonl' },
  });
};

/** A chunk that has come so far. Lines whose import is not settled are not done. */
function told(state: State, errors: readonly LineError[]): JobChunk<State> {
  const { line, total, pending, isEnd, imported, refused } = state;
  return {
    state,
    done: line - (pending?.lines.length ?? 0),
    total: total!,
    message: `Products imported: ${imported}; lines refused: ${refused}.`,
    part: reported(errors),
    isLast: isEnd && !pending,
  };
}
