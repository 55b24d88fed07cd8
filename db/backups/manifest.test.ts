import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { manifestOf, readManifest } from './manifest.ts';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-manifest-'));
  file = join(folder, 'backup_manifest');
});
afterAll(() => rmSync(folder, { recursive: true }));

const files = fc.array(
  fc.record({
    path: fc.string({ minLength: 1, unit: 'grapheme' }),
    size: fc.nat(),
    checksum: fc.stringMatching(/^[0-9a-f]{64}$/),
  }),
);
const RANGE = { timeline: 1, start: '0/2000028', end: '0/2000100' };

test('a manifest is read as it was written', () => {
  fc.assert(
    fc.property(files, (given) => {
      writeFileSync(file, manifestOf(given, RANGE, new Date(0)));
      expect(readManifest(file)).toEqual(given);
    }),
  );
});

test('a manifest that was changed or cut short is refused', () => {
  const given = [{ path: 'base/1/1259', size: 8192, checksum: 'a'.repeat(64) }];
  const text = manifestOf(given, RANGE, new Date(0));
  for (const broken of [text.replace('8192', '8193'), text.slice(0, -40), '', '{}']) {
    writeFileSync(file, broken);
    expect(() => readManifest(file)).toThrow('is broken: restore from another backup');
  }
});
