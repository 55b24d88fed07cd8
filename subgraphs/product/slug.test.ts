import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chooseSlug, firstFree, numbered, slugOf, stemOf } from './slug.ts';

const SLUG = /^[a-z\d]+(-[a-z\d]+)*$/;
const refusedAt = (...path: string[]) =>
  expect.objectContaining({ userErrors: [expect.objectContaining({ code: 'INVALID_INPUT', path })] });

describe('a slug', () => {
  test.each([
    ['Crème Brûlée Set', 'creme-brulee-set'],
    ['naïve Crème', 'naive-creme'],
    ['  Salt & Pepper!  ', 'salt-pepper'],
    ['100 % Wool', '100-wool'],
    ['ＡＢＣ', 'abc'],
    ['Maß', 'mass'],
    ['STRAẞE', 'strasse'],
    ['Łódź', 'lodz'],
    ['Ørsted', 'orsted'],
    ['Æble', 'aeble'],
    ['Đorđe', 'dorde'],
    ['ısı İstanbul', 'isi-istanbul'],
    ['Þór', 'thor'],
    ['Œuvre', 'oeuvre'],
    ['Sápmi ŋ Ŋ', 'sapmi-n-n'],
    ['ð ħ ĸ ſ ŧ ə ƒ', 'd-h-q-s-t-e-f'],
    ['ﬁn', 'fin'],
    ['e\u0301clair', 'eclair'],
    ['Αθήνα', 'athina'],
    ['Щука', 'shchuka'],
    ['Київ', 'kiiv'],
    ['مرحبا', 'mrhb'],
    ['שלום', 'slvm'],
    ['茶', 'cha'],
    ['中文 手机', 'zhongwen-shouji'],
    ['서울', 'seoul'],
    ['हिन्दी', 'hindi'],
    ['🎁', 'gift'],
    ['→ ★ !', ''],
  ])('of %j is %j', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  test('made of any name is valid, or the name is refused, not the slug that was not sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (name) => {
        try {
          const { slug, isGiven } = chooseSlug(undefined, name, ['input']);
          expect(slug).toMatch(SLUG);
          expect(isGiven).toBe(false);
        } catch (error) {
          expect(error).toEqual(refusedAt('input', 'name'));
        }
      }),
    );
  });

  test('cut to its greatest length does not end with a hyphen', () => {
    expect(slugOf(`${'a'.repeat(99)} b`)).toBe('a'.repeat(99));
    expect(slugOf('x'.repeat(150))).toBe('x'.repeat(100));
  });

  test.each(['', 'Upper', 'two--hyphens', '-start', 'end-', 'a b', 'maß'])(
    'that is given as %j is refused at its path',
    (given) => {
      const at = ['input', 'products', '1'];
      expect(() => chooseSlug(given, 'Name', at)).toThrow(refusedAt(...at, 'slug'));
    },
  );

  test('shares its stem with all that are numbered from it', () => {
    expect(['tea', 'tea-2', 'tea-2-2', 'tea-20-3'].map(stemOf)).toEqual(['tea', 'tea', 'tea', 'tea']);
    expect(['7', '7-2', 'tea-2-go', 'tea2'].map(stemOf)).toEqual(['7', '7', 'tea-2-go', 'tea2']);
    const part = fc.oneof(fc.constantFrom('a', '1', '22'), fc.stringMatching(/^[a-z\d]{1,90}$/));
    const slug = fc.array(part, { minLength: 1, maxLength: 60 }).map((parts) => slugOf(parts.join('-')));
    fc.assert(
      fc.property(slug, (one) => {
        expect(stemOf(one)).not.toBe('');
        for (const other of numbered(one)) expect(stemOf(other)).toBe(stemOf(one));
      }),
    );
  });

  test('that is taken gets a number, and when the numbers are taken a part of an id, never longer than it may be', () => {
    expect(firstFree('tea', new Set(), 'product_1')).toBe('tea');
    expect(firstFree('tea', new Set(['tea', 'tea-2']), 'product_1')).toBe('tea-3');
    for (const slug of ['tea', 'x'.repeat(100), `${'x'.repeat(97)}-y`]) {
      const all = numbered(slug);
      expect(new Set(all).size).toBe(all.length);
      const last = firstFree(slug, new Set(all), 'product_01h455vb4pex5vsknk084sn02q');
      expect(all).not.toContain(last);
      for (const one of [...all, last]) {
        expect(one).toMatch(SLUG);
        expect(one.length).toBeLessThanOrEqual(100);
      }
    }
  });
});
