import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ContentCheck, putChecked } from './content-check.ts';
import type { FileStore } from './file-store.ts';
import type { MediaType } from './media-types.ts';

/** A content in pieces of these lengths, over and over. */
async function* inPieces(content: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < content.length; n++) {
    const next = at + (lengths[n % lengths.length] ?? 1);
    yield content.subarray(at, next);
    at = next;
  }
}

async function check(
  content: Uint8Array | string,
  mediaType: MediaType,
  { bytes, lengths = [7] }: { bytes?: number; lengths?: number[] } = {},
) {
  const whole = Buffer.from(content);
  const checked = new ContentCheck({ mediaType, bytes: bytes ?? whole.length });
  const passed: Uint8Array[] = [];
  try {
    for await (const piece of checked.pass(inPieces(whole, lengths))) passed.push(piece);
  } catch (error) {
    expect(checked.refusal).toBe(error);
    return (error as { code: string }).code;
  }
  expect(Buffer.concat(passed).equals(whole)).toBe(true);
  return checked.sha256;
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

test('a content passes unchanged, however it is cut, and its SHA-256 is that of the whole', async () => {
  const texts = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 300 }).filter((text) => !/[\p{Cc}]/u.test(text));
  const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(texts, lengths, async (text, cuts) => {
      const content = `{"text":${JSON.stringify(text)}}\n`;
      expect(await check(content, 'application/x-ndjson', { lengths: cuts })).toBe(sha256(content));
    }),
  );
});

describe('the length', () => {
  test('must be the announced one, to the byte', async () => {
    expect(await check('{"a":1}', 'application/x-ndjson', { bytes: 6 })).toBe('FILE_TOO_LARGE');
    expect(await check('{"a":1}', 'application/x-ndjson', { bytes: 8 })).toBe('FILE_INCOMPLETE');
  });

  test('ends a stream at once that is too long', async () => {
    let sent = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent++;
        yield Buffer.from('{}'.padEnd(100));
      }
    };
    const checked = new ContentCheck({ mediaType: 'application/x-ndjson', bytes: 250 });
    await expect(
      (async () => {
        for await (const _ of checked.pass(endless())) void _;
      })(),
    ).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    expect(sent).toBe(3);
  });
});

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
const WEBP = Buffer.from('RIFF\x24\0\0\0WEBPVP8 ', 'latin1');
const PDF = Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj', 'latin1');
const GIF = Buffer.from('GIF89a\x01\0\x01\0\x80\0\0\0', 'latin1');
const EXE = Buffer.from('MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff', 'latin1');

describe('the kind is told by the content', () => {
  test.each<[MediaType, Uint8Array]>([
    ['image/png', PNG],
    ['image/jpeg', JPEG],
    ['image/webp', WEBP],
    ['image/gif', GIF],
    ['application/pdf', PDF],
    ['text/csv', Buffer.from('name;price\nTee;1,20 €\n')],
    ['application/x-ndjson', Buffer.from(' \n{"name":"Tee"}\n')],
  ])('%s passes as what it is, and as nothing else', async (type, content) => {
    expect(await check(content, type)).toBe(sha256(content));
    const others = (['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'application/pdf'] as const).filter(
      (other) => other !== type,
    );
    for (const other of others) expect(await check(content, other)).toBe('FILE_KIND_MISMATCH');
  });

  test.each<[string, Uint8Array]>([
    ['a program', EXE],
    ['an image', PNG],
    ['a PDF', PDF],
    ['Latin-1', Buffer.from('{"name":"caf\xe9"}', 'latin1')],
    ['half a character at the end', Buffer.from('{"name":"é', 'utf8').subarray(0, -1)],
    ['a NUL', Buffer.from('{"a":"\0"}')],
    ['an escape sequence', Buffer.from('{"a":"\u001b[2J"}')],
  ])('%s is no text', async (_, content) => {
    expect(await check(content, 'application/x-ndjson')).toBe('FILE_KIND_MISMATCH');
    expect(await check(content, 'text/csv')).toBe('FILE_KIND_MISMATCH');
  });

  test('what JSON lets stand in a text as it is passes: DEL, and the control characters above ASCII', async () => {
    const content = `{"a":${JSON.stringify('\u007f\u0080\u0085\u009f\u2028')}}\n`;
    expect(await check(content, 'application/x-ndjson')).toBe(sha256(content));
  });

  test('text that begins with anything but an object is no JSON lines, however many blanks are before it', async () => {
    for (const text of [
      'name,price',
      '<html>',
      '[1]',
      '\ufeff\ufeff{}',
      '{{{{',
      '{ color: red }',
      '{\n"a":1}',
      '{% if x %}',
    ])
      for (const blanks of ['', '\ufeff', ' \n', `\ufeff${' '.repeat(40)}`, ' '.repeat(40), '\r\n'.repeat(100)])
        expect(await check(blanks + text, 'application/x-ndjson')).toBe('FILE_KIND_MISMATCH');
  });

  test('blanks before and within the first object, and no object at all, are JSON lines', async () => {
    for (const text of ['{}', '{ \t}', `{${' '.repeat(30)}"a":1}`, `${'\n'.repeat(50)}{"a":1}`, '', ' \n '])
      expect(await check(text, 'application/x-ndjson')).toBe(sha256(text));
  });

  test('blanks before it do not make another kind a text', async () => {
    expect(await check(Buffer.concat([Buffer.from(' '.repeat(20)), GIF.subarray(0, 6)]), 'text/csv')).toBe(
      'FILE_KIND_MISMATCH',
    );
  });

  test('a byte order mark before the first object passes', async () => {
    const content = '\ufeff{"a":1}\n';
    expect(await check(content, 'application/x-ndjson', { lengths: [1] })).toBe(sha256(content));
  });

  test('a control character late in a long text is found', async () => {
    expect(await check(`{"a":"${'x'.repeat(100_000)}\u0007"}`, 'application/x-ndjson', { lengths: [4096] })).toBe(
      'FILE_KIND_MISMATCH',
    );
  });
});

test('what a store makes of the refusal, its caller gets the refusal', async () => {
  const store = {
    async put(_: string, content: AsyncIterable<Uint8Array>) {
      try {
        for await (const piece of content) void piece;
      } catch (error) {
        throw new TypeError('fetch failed', { cause: error });
      }
    },
  } as unknown as FileStore;
  const content = inPieces(PNG, [4]);
  await expect(putChecked(store, 'k', content, { mediaType: 'image/gif', bytes: PNG.length })).rejects.toMatchObject({
    code: 'FILE_KIND_MISMATCH',
  });
});
