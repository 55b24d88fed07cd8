/**
 * Processes of the earlier release go on with their own statements while a migration has been applied. One that joins two
 * tables, and names a column without its table, fails once the other table has a column of that name too: so a column
 * that is added to a table has a name that no other table of its schema has.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { migrationSets } from '../../db/connect/migration-sets.ts';
import { loadAgents } from '../../subgraphs/index.ts';

/** Added columns whose name another table has, with the reason why no statement of the earlier release minds. */
const LOOKED_AT: Readonly<Record<string, string>> = {
  'identity 0011-what-keys-were-made-with.sql: api_key.merchant_id':
    'It did: docs/operations/deployment.md says what that costs.',
  'identity 0033-api-key-rotation.sql: api_key.version': 'The statement that joins keys and accounts names no version.',
  'identity 0033-api-key-rotation.sql: api_key.previous_hash': 'Keys are never joined with the audit log.',
  'inventory 0002-reservation-decision.sql: reservation.decision_id': 'The other table, of outcomes, came with it.',
  'order 0003-titles-in-carts.sql: cart_line.title': 'Lines of carts are never joined with lines of orders.',
  'payment 0005-refund-number.sql: refund.issued_at': 'The other table, of series, came with it.',
  'product 0003-import-errors.sql: import.errors': 'The other table, of jobs, came after it.',
  'platform 0028-consumer-beginnings.sql: log_cursor.status': 'Cursors are never joined with agents or sagas.',
};

const CREATED = /create table (?:if not exists )?(\w+) \(([^]*?)\n\)/g;
const ALTERED = /alter table (?:only )?(\w+)([^;]*);/g;
const ADDED =
  /\badd (?:column )?(?:if not exists )?(?!constraint\b|check\b|foreign\b|primary\b|unique\b|exclude\b)(\w+) \w/g;

/** Added columns of these files whose names other tables have by then, as `file: table.column`. */
function ambiguous(files: readonly { name: string; sql: string }[]): string[] {
  const tables = new Map<string, Set<string>>();
  return files.flatMap(({ name, sql }) => {
    const text = sql.replace(/--.*$/gm, '').replace(/ +/g, ' ');
    for (const [, table, body] of text.matchAll(CREATED))
      tables.set(table!, new Set([...body!.matchAll(/^ (\w+) \w/gm)].map(([, column]) => column!)));
    return [...text.matchAll(ALTERED)].flatMap(([, table, changes]) =>
      [...changes!.matchAll(ADDED)].flatMap(([, column]) => {
        const isElsewhere = [...tables].some(([other, columns]) => other !== table && columns.has(column!));
        tables.get(table!)?.add(column!);
        return isElsewhere ? [`${name}: ${table}.${column}`] : [];
      }),
    );
  });
}

test('an added column has a name of its own, or the joins of the earlier release were looked at', async () => {
  const found = migrationSets(await loadAgents()).flatMap(({ schema, directory, extra = [] }) => {
    // A room whose tables are all the platform's has none.
    const own = (existsSync(directory) ? readdirSync(directory) : [])
      .filter((name) => name.endsWith('.sql'))
      .sort()
      .map((name) => ({ name, sql: readFileSync(join(directory, name), 'utf8') }));
    return ambiguous([...extra, ...own]).map((each) => `${schema} ${each}`);
  });
  expect(found.sort()).toEqual(Object.keys(LOOKED_AT).sort());
});

test('a name that another table has is found, in whatever form the column is added', () => {
  const made = { name: '1', sql: 'create table a (\n  id text,\n  owner  text\n);\ncreate table b (\n  id text\n);' };
  const added = {
    name: '2',
    sql: 'alter table b\n  add owner text, -- add id\n  add check (true),\n  add column note text;',
  };
  expect(ambiguous([made, added])).toEqual(['2: b.owner']);
});
