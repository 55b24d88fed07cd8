/** What the commands for operators have in common. */
import type { Config } from '../platform/config/config.ts';
import { Fault } from '../platform/errors.ts';
import { reachDatabase } from './reach-database.ts';

/**
 * Runs a command that says what it does, a line at a time; one that fails says why, and exits with 1. It ends when its
 * work does, also where a library has left a timer or a connection behind.
 */
export async function runCommand(
  failed: string,
  command: (say: (line: string) => void) => Promise<void>,
): Promise<void> {
  try {
    await command((line) => console.log(line));
  } catch (error) {
    console.error(`${failed}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
  process.exit();
}

/**
 * The configured database, as its owner, past any pooler.
 * @throws {Fault} `DATABASE_NOT_GIVEN`, `DATABASE_UNREACHABLE`
 */
export async function ownersDatabase({ DATABASE_URL, DATABASE_DIRECT_URL }: Config): Promise<string> {
  const url = DATABASE_DIRECT_URL ?? DATABASE_URL;
  if (!url)
    throw new Fault(
      'DATABASE_NOT_GIVEN',
      'Say in DATABASE_URL which PostgreSQL, as the role that owns the database. (The embedded one needs none of this.)',
    );
  return reachDatabase(url);
}
