import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { deriveKey, formatKeyRing, newKey, parseKeyRing } from './key-ring.ts';
import { isSealed, secretsWith } from './secrets.ts';

const [old, young] = [newKey(), newKey()];
const secrets = secretsWith([old]);
const PLAIN = 'tok_ok ü';

describe('a sealed text', () => {
  const sealed = secrets.seal(PLAIN, 'order_1');

  test('names its key, hides its content, is never the same twice, and opens to the plain text', () => {
    expect(sealed).toMatch(new RegExp(`^v1\\.${old.id}\\.[\\w-]{16}\\.[\\w-]+$`));
    expect(Buffer.from(sealed.split('.')[3]!, 'base64url').toString('latin1')).not.toContain('tok');
    expect(secrets.seal(PLAIN, 'order_1')).not.toBe(sealed);
    expect(secrets.open(sealed, 'order_1')).toBe(PLAIN);
    expect(secrets.open(secrets.seal('', 'x'), 'x')).toBe('');
    expect([isSealed(sealed), isSealed(PLAIN), isSealed(secrets.seal('', ''))]).toEqual([true, false, true]);
  });

  test('does not open in another context, changed anywhere, or without its key; the error does not contain it', () => {
    const flipped = Array.from(sealed, (_, at) => {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      return `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`;
    });
    // The last character may have spare bits.
    const changed = flipped.slice(0, -1);
    for (const text of [...changed, `${sealed}.`, sealed.slice(0, -4), '', PLAIN]) {
      expect(() => secrets.open(text, 'order_1')).toThrow('does not open');
    }
    for (const open of [() => secrets.open(sealed, 'order_2'), () => secretsWith([young]).open(sealed, 'order_1')]) {
      expect(open).toThrow(expect.objectContaining({ code: 'SECRET_UNREADABLE' }));
      expect(open).not.toThrow(/tok_ok/);
    }
  });

  test('opens after a rotation, and does not need the old key once it is resealed', () => {
    const rotated = secretsWith([young, old]);
    expect(rotated.open(sealed, 'order_1')).toBe(PLAIN);
    const resealed = rotated.reseal(sealed, 'order_1');
    expect(secretsWith([young]).open(resealed, 'order_1')).toBe(PLAIN);
    expect(rotated.reseal(resealed, 'order_1')).toBe(resealed);
    expect(() => rotated.reseal(sealed, 'order_2')).toThrow('does not open');
  });
});

test('a pseudonym is stable over a rotation, and differs by context and by keys', () => {
  const name = secrets.pseudonym('ada@example.org', 'guest');
  expect(name).toMatch(/^[\w-]{43}$/);
  expect(secretsWith([young, old]).pseudonym('ada@example.org', 'guest')).toBe(name);
  const others = [
    secrets.pseudonym('bob@example.org', 'guest'),
    secrets.pseudonym('ada@example.org', 'order'),
    secretsWith([young]).pseudonym('ada@example.org', 'guest'),
    createHash('sha256').update('ada@example.org').digest('base64url'),
  ];
  expect(new Set([name, ...others]).size).toBe(5);
});

test('the log of a text that does not open has no part of a secret or a key', () => {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const sealed = secrets.seal(PLAIN, 'order_1');
  for (const open of [() => secrets.open(sealed, 'order_2'), () => secretsWith([young]).open(sealed, 'order_1')]) {
    try {
      open();
    } catch (err) {
      log.error({ err }, 'it does not open');
    }
  }
  expect(lines).toHaveLength(2);
  const hidden = [PLAIN, sealed, ...['hex', 'base64', 'base64url'].map((form) => old.bytes.toString(form as 'hex'))];
  expect(hidden.filter((text) => lines.join('').includes(text))).toEqual([]);
});

describe('a ring of keys', () => {
  test('is parsed as it is formatted, the newest first, on one line or several', () => {
    expect(parseKeyRing(formatKeyRing([young, old]))).toEqual([young, old]);
    expect(parseKeyRing(` ${formatKeyRing([young, old]).replace('\n', '')}\n`)).toEqual([young, old]);
  });

  test.each([
    ['no key', ''],
    ['a key without an id', `:${Buffer.alloc(32).toString('base64')}`],
    ['a short key', `a:${Buffer.alloc(31).toString('base64')}`],
    ['an id that is no name', `a.b:${Buffer.alloc(32).toString('base64')}`],
    ['an id twice', formatKeyRing([old, old])],
  ])('is refused with %s, without printing the key', (_, text) => {
    let message = '';
    try {
      parseKeyRing(text);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(/id/);
    expect(message).not.toContain(old.bytes.toString('base64').slice(0, 8));
  });

  test('derives a stable key for each holder and each purpose', () => {
    const derived = [
      deriveKey(old.bytes, 'events', 'order'),
      deriveKey(old.bytes, 'events', 'payment'),
      deriveKey(old.bytes, 'x', 'order'),
    ];
    expect(new Set([old.bytes, ...derived].map((key) => key.toString('hex'))).size).toBe(4);
    expect(deriveKey(old.bytes, 'events', 'order')).toEqual(derived[0]);
  });
});
