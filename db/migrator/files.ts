/** The migrations of a room, read from its folder. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Confined } from '../../platform/data/confined.ts';
import { Fault } from '../../platform/errors.ts';

/** The migrations of one PostgreSQL schema. */
export interface MigrationSet {
  /** The schema: made if it is not there, and the `search_path` of its files. */
  schema: string;
  /** Absolute. A room without tables has no such folder. */
  directory: string;
  /** The platform's migrations for each room's schema. Applied before the room's own files. */
  extra?: readonly { name: string; sql: string }[];
  /** Tables with row-level security for readers. @default none */
  confined?: Confined;
}

/** One migration. */
export interface Migration {
  schema: string;
  /** The file's name, `0001-tables.sql`. */
  name: string;
  sql: string;
  /** SHA-256 of the SQL, in hex. */
  checksum: string;
}

const NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

/**
 * The set's migrations in the order of their numbers, the platform's first.
 * @throws {Fault} `MIGRATION_MISNAMED` for a file that is not called `NNNN-name.sql`, or two with one number.
 */
export function migrationsOf({ schema, directory, extra = [] }: MigrationSet): Migration[] {
  if (!/^[a-z][a-z0-9_]*$/.test(schema)) throw new Fault('MIGRATION_MISNAMED', `No name for a schema: ${schema}`);
  const files = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.sql')) : [];
  const numbers = new Set<string>();
  for (const file of files) {
    const number = NAME.exec(file)?.[1];
    if (!number) throw new Fault('MIGRATION_MISNAMED', `${join(directory, file)}: call it NNNN-what-it-does.sql`);
    if (numbers.has(number))
      throw new Fault('MIGRATION_MISNAMED', `${directory}: two migrations have number ${number}`);
    numbers.add(number);
  }
  const own = files.sort().map((name) => ({ name, sql: readFileSync(join(directory, name), 'utf8') }));
  return [...extra, ...own].map(({ name, sql }) => ({ schema, name, sql, checksum: checksum(sql) }));
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');
