/**
 * Grants: all rights of a role are revoked and its wanted ones granted, in one transaction, so that no other right is
 * left.
 */
import pg from 'pg';
import type { Right } from './rights.ts';

const name = pg.escapeIdentifier;

/** A role and its rights. */
export interface RoleRights {
  role: string;
  /** The schemas whose tables are its own to read and write. */
  schemas: readonly string[];
  rights: readonly Right[];
  /** Functions of `platform` that it may call. */
  functions: readonly string[];
}

/** The statements that give a role exactly this. `columns` are those of each table of `platform`. */
export function grantsOf(
  { role, schemas, rights, functions }: RoleRights,
  all: readonly string[],
  columns: ReadonlyMap<string, readonly string[]>,
): string[] {
  const to = name(role);
  const nothing = all.flatMap((schema) =>
    ['all tables in schema', 'all sequences in schema', 'all functions in schema', 'schema'].map(
      (what) => `revoke all on ${what} ${name(schema)} from ${to}`,
    ),
  );
  const own = schemas.flatMap((schema) => {
    const here = `in schema ${name(schema)}`;
    return [
      `grant usage on schema ${name(schema)} to ${to}`,
      ...OWN.map(([what, kind]) => `grant ${what} on all ${kind} ${here} to ${to}`),
      // Rights on the tables of later migrations.
      ...OWN.map(([what, kind]) => `alter default privileges ${here} grant ${what} on ${kind} to ${to}`),
    ];
  });
  return [
    ...nothing,
    `grant usage on schema platform to ${to}`,
    ...own,
    ...rights.map((right) => grantOf(right, to, columns.get(right.table) ?? [])),
    ...functions.map((called) => `grant execute on function platform.${name(called)} to ${to}`),
  ];
}

/** Rights on its own schema. No `truncate`, `references` or `trigger`: nothing that changes a table's definition. */
const OWN = [
  ['select, insert, update, delete', 'tables'],
  ['usage, select', 'sequences'],
  ['execute', 'functions'],
] as const;

function grantOf({ table, command, columns, columnsBut }: Right, to: string, there: readonly string[]): string {
  const some = columns ?? (columnsBut && there.filter((column) => !columnsBut.includes(column)));
  return `grant ${command}${some ? ` (${some.map(name).join(', ')})` : ''} on platform.${name(table)} to ${to}`;
}
