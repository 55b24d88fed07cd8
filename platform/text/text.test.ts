import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkName, checkOpaque, checkStorable, checkText, foldText, nameOutOf } from './text.ts';

const PATH = ['input', 'products', '1', 'name'];
const refused = expect.objectContaining({
  userErrors: [{ code: 'INVALID_INPUT', message: expect.stringMatching(/\.$/), path: PATH }],
});

describe('a name', () => {
  test.each([
    ['  Ada Lovelace\t', 'Ada Lovelace'],
    ['\ufeffTea\u00a0', 'Tea'],
    ['茶', '茶'],
    ['👨‍👩‍👧 می‌خواهم', '👨‍👩‍👧 می‌خواهم'],
    ['5 % – „Größe“', '5 % – „Größe“'],
    ['\u200fשלום', '\u200fשלום'],
  ])('is accepted without the blanks around it: %j', (name, kept) => {
    expect(checkName(name, PATH)).toBe(kept);
  });

  test('is measured in characters, not in UTF-16 code units', () => {
    expect(checkName('😀'.repeat(200), PATH)).toHaveLength(400);
    expect(checkName('x'.repeat(30), PATH, { max: 30 })).toHaveLength(30);
    for (const long of ['x'.repeat(201), '😀'.repeat(201), 'x'.repeat(500_000)])
      expect(() => checkName(long, PATH)).toThrow(refused);
  });

  test.each(['', '   ', '\u200b', '\u202e', '\u2060\u200d', '\u3164', '\u2800', '\u0301', '\u00ad', '\u{e0041}'])(
    'without a visible character is refused: %j',
    (name) => {
      expect(() => checkName(name, PATH)).toThrow(refused);
    },
  );

  test.each(['a\u0000b', 'a\ud800b', '\udc00', 'a\nb', 'a\tb', 'a\u0085b', 'a\u2028b', 'abc\u202egpj', 'a\u2066b'])(
    'with a control character, a line break or a bidi control is refused: %j',
    (name) => {
      expect(() => checkName(name, PATH)).toThrow(refused);
    },
  );

  test('that is accepted can be stored, is visible, and is accepted again unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 220 }), (name) => {
        let kept: string;
        try {
          kept = checkName(name, PATH);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_INPUT' });
          return;
        }
        expect(kept).toMatch(/\S/);
        expect(kept.isWellFormed() && !kept.includes('\0')).toBe(true);
        expect(checkName(kept, PATH)).toBe(kept);
      }),
    );
  });
});

test('an outside system’s text is made a name, if anything visible is left', () => {
  expect(nameOutOf(' \u202eAda\u0000\n')).toBe('Ada');
  expect(nameOutOf('\ud800\u200b')).toBe('\ufffd\u200b');
  expect(nameOutOf('\u200b\u0007')).toBeUndefined();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const name = nameOutOf(text, { max: 50 });
      if (name !== undefined) expect(checkName(name, PATH, { max: 50 })).toBe(name);
    }),
  );
});

describe('a text', () => {
  test('is kept as it is, with its lines and tabs', () => {
    expect(checkText(' a\tb\r\n\u2067c\u2069 ', PATH)).toBe(' a\tb\r\n\u2067c\u2069 ');
    expect(checkText('', PATH, { min: 0 })).toBe('');
    expect(checkText('x'.repeat(10_000), PATH, { min: 0, max: 10_000 })).toHaveLength(10_000);
    expect(checkText('😀😀', PATH, { min: 2, max: 2 })).toBe('😀😀');
  });

  test.each([
    ['', {}],
    ['\u200b', {}],
    ['a\u0000', { min: 0 } as const],
    ['a\ud800', { min: 0 } as const],
    ['a\u001bb', { min: 0 } as const],
    ['x'.repeat(10_001), { min: 0, max: 10_000 } as const],
    ['x'.repeat(500_000), { min: 0, max: 10_000 } as const],
    ['ab', { min: 3 }],
    ['😀😀', { min: 3 }],
  ])('is refused: %#', (text, limits) => {
    expect(() => checkText(text, PATH, limits)).toThrow(refused);
  });
});

describe('a token', () => {
  test.each(['', ' x ', 'a\u0000\ud800\n', '😀'.repeat(40)])(
    'a token of any characters is kept as it is: %j',
    (token) => {
      expect(checkOpaque(token, PATH, { max: 40 })).toBe(token);
    },
  );

  test('a token over its limit is refused, and the message repeats nothing of it', () => {
    for (const token of ['x'.repeat(41), '😀'.repeat(41), 'x'.repeat(500_000)])
      expect(() => checkOpaque(token, PATH, { max: 40 })).toThrow(/^This has at most 40 characters\.$/);
  });
});

test('a text that PostgreSQL cannot store is refused at its path; an emoji is stored', () => {
  expect(() => checkStorable('a😀b', PATH)).not.toThrow();
  for (const bad of ['a\u0000', '\ud83d']) expect(() => checkStorable(bad, PATH)).toThrow(refused);
});

test.each([
  ['Größe', 'GRÖSSE', 'grösse', 'ＧRÖßE'],
  ['Blue', 'Blue\u200b', 'Bl\u00adue', '\u200eBlue', 'Blue \u2060', 'B\u034flue\ufeff', 'Blue\u{e0041}'],
  ['❤', '❤\ufe0f', '❤\ufe0e'],
  ['Extra L', 'Extra  L', 'extra\u00a0l', 'Extra\u3000\u2009L', 'Extra \u200b L', 'Extra\u2800L'],
])('texts that read alike fold to the same: %#', (...texts) => {
  expect(new Set(texts.map(foldText)).size).toBe(1);
});

test('a letter folds alike in all its forms: capital or small, composed or decomposed', () => {
  const differing: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    const letter = String.fromCodePoint(code);
    if (letter.toLowerCase() === letter && letter.toUpperCase() === letter) continue;
    const folded = foldText(letter);
    const forms = [folded, letter.toLowerCase(), letter.toUpperCase(), letter.normalize('NFD')];
    if (forms.some((form) => foldText(form) !== folded)) differing.push(code.toString(16));
  }
  expect(differing).toEqual([]);
});

test.each([
  ['Blue', 'Bleu'],
  ['Extra L', 'ExtraL'],
  ['👍🏻', '👍🏿'],
  [
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
    '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
  ],
])('texts that read differently fold differently: %#', (one, other) => {
  expect(foldText(one)).not.toBe(foldText(other));
});
