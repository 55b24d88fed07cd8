import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countLines, MAX_LINE, readLines } from './lines.ts';

/** A content from a byte on, in pieces of these lengths. */
async function* pieces(content: Buffer, from: number, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = from, n = 0; at < content.length; n++) {
    const next = at + lengths[n % lengths.length]!;
    yield content.subarray(at, next);
    at = next;
  }
}
const LENGTHS = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

test('a content that is read some lines at a time gives every line once, however it comes', async () => {
  const texts = fc.array(
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\n', '')),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.boolean(),
      LENGTHS,
      fc.integer({ min: 1, max: 5 }),
      async (lines, endsWithLine, lengths, maxLines) => {
        const text = lines.join('\n') + (endsWithLine && lines.length > 0 ? '\n' : '');
        const content = Buffer.from(text);
        const expected = text === '' ? [] : text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined);
        const seen: (string | null)[] = [];
        for (let from = 0, isEnd = false; !isEnd; ) {
          const read = await readLines(pieces(content, from, lengths), { maxLines, maxBytes: 1000 });
          expect(read.lines.length).toBeLessThanOrEqual(maxLines);
          seen.push(...read.lines);
          from += read.bytes;
          isEnd = read.isEnd;
        }
        expect(seen).toEqual(expected.map((line) => line.toWellFormed()));
        expect(await countLines(pieces(content, 0, lengths), 100)).toBe(expected.length);
      },
    ),
  );
});

test('a line that is too long is passed over, and those behind it are read', async () => {
  const content = Buffer.from(`a\n${'x'.repeat(MAX_LINE + 1)}\nb\n${'y'.repeat(MAX_LINE)}\n`);
  const read = await readLines(pieces(content, 0, [65_536]), { maxLines: 10, maxBytes: 10_000_000 });
  expect(read.lines.map((line) => line?.length ?? null)).toEqual([1, null, 1, MAX_LINE]);
  expect(read).toMatchObject({ bytes: content.length, isEnd: true });
});

test('reading ends behind the line that fills the bytes', async () => {
  const content = Buffer.from('aaaa\nbbbb\ncccc\n');
  const read = await readLines(pieces(content, 0, [100]), { maxLines: 10, maxBytes: 6 });
  expect(read).toEqual({ lines: ['aaaa', 'bbbb'], bytes: 10, isEnd: false });
});

test('lines are counted up to one more than may be, and what is behind them is not read', async () => {
  let read = 0;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 1;
      yield Buffer.from('\n\n');
    }
  };
  expect(await countLines(endless(), 5)).toBe(6);
  expect(read).toBe(3);
  expect(await countLines(pieces(Buffer.from('a\nb'), 0, [1]), 2)).toBe(2);
  expect(await countLines(pieces(Buffer.from('a\nb\nc'), 0, [9]), 2)).toBe(3);
});
