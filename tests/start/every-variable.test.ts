/** Properties that every variable of the platform and of the rooms must have. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { envExample, readConfig as readWith, schemaWith } from '../../platform/config/config.ts';
import { fileOf, isSecret } from '../../platform/config/secret-files.ts';
import { loadAgents } from '../../subgraphs/index.ts';

const rooms = await loadAgents();
const shape = schemaWith(rooms).shape;
const readConfig = (environment: Record<string, string>) => readWith(environment, rooms);

test('every number is bounded, and read from decimal digits only', () => {
  const numeric = Object.entries(readConfig({})).flatMap(([name, value]) =>
    typeof value === 'number' ? [[name, String(value)] as const] : [],
  );
  expect(numeric.length).toBeGreaterThan(15);
  for (const [name, value] of numeric)
    for (const wrong of ['99999999999', '1e1', '0x10', '-1', `${value}.5.`, 'Infinity', `${value} `])
      expect({ name, wrong, refused: isRefused(name, wrong) }).toEqual({ name, wrong, refused: true });
});

test('every address is refused with a protocol of another kind', () => {
  const addresses = Object.keys(shape).filter((name) => name.endsWith('_URL') || name.endsWith('_ENDPOINT'));
  expect(addresses.length).toBeGreaterThan(8);
  for (const name of addresses)
    for (const wrong of ['javascript:alert(1)', 'mysql://localhost/agora', 'file:///tmp/x', 'localhost', '//localhost'])
      expect({ name, wrong, refused: isRefused(name, wrong) }).toEqual({ name, wrong, refused: true });
});

const isRefused = (name: string, value: string): boolean => {
  try {
    readConfig({ [name]: value });
    return false;
  } catch (error) {
    return (error as Error).message.includes(`\n  ${name}: `);
  }
};

test('every secret may be given as a file', () => {
  const named = Object.keys(shape).filter((name) =>
    /_(KEYS?|SECRETS?|TOKEN|PASSWORD)$|^(DATABASE|REDIS)_.*URL$/.test(name),
  );
  expect(named).toContain('PAYMENT_WEBHOOK_SECRETS');
  // TLS_KEY is a path as it is.
  const unmarked = named.filter((name) => name !== 'TLS_KEY' && !isSecret(shape[name]));
  expect(unmarked).toEqual([]);
  expect(Object.keys(shape).filter((name) => isSecret(shape[name]) && shape[fileOf(name)])).toEqual([]);
});

test('.env.example follows the schema: each variable, its meaning and its default', () => {
  const text = envExample(rooms);
  expect(readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').trimEnd()).toBe(text.trimEnd());
  for (const [name, field] of Object.entries(shape)) {
    expect(field.description).toBeTruthy();
    expect(text).toContain(`# ${field.description}\n# ${name}=`);
  }
  expect(text).toContain('# PORT=4000\n');
});

test('the defaults of .env.example may be given as they stand there, and change nothing', () => {
  const lines = [...envExample(rooms).matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]);
  expect(lines).toContainEqual(['DATABASE_FALLBACK', 'on']);
  expect(readConfig(Object.fromEntries(lines))).toEqual(readConfig({}));
});
