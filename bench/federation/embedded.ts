import type { Size } from '../run.ts';
import { compare, type Question } from './compare.ts';
import { bodyOf, type QueryName } from './queries.ts';
import { startRole } from './rival.ts';

const asked = (name: QueryName, requests: number): Question => ({ name, requests, bodyOf: (n) => bodyOf(name, n) });

/** The gateway with its agents in its own process against one plain schema, both behind graphql-yoga. */
export async function federation({ rounds }: Size): Promise<void> {
  const plain = await startRole('plain');
  const embedded = await startRole('embedded');
  try {
    const questions = [asked('one', 1000), asked('five', 500), asked('list', 200)];
    await compare('Embedded against one plain schema', [plain, embedded], questions, rounds);
  } finally {
    await Promise.all([plain, embedded].map((rival) => rival.stop()));
  }
}
