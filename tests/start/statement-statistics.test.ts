/** DATABASE_STATEMENT_STATISTICS of `npm start`. */
import { afterAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { databaseOf, startAgora, temporaryData } from '../support/agora-process.ts';

const folder = temporaryData();
afterAll(() => folder.remove());

test('a start that is asked to keeps figures of the statements that its agents send', async () => {
  const agora = await startAgora({
    data: folder.data,
    args: ['--empty'],
    env: { DATABASE_STATEMENT_STATISTICS: 'on' },
  });
  const client = new pg.Client({ connectionString: databaseOf(folder.data).replace(/\/agora$/, '/postgres') });
  try {
    await client.connect();
    const { rows } = await client.query<{ query: string }>('select query from pg_stat_statements');
    expect(rows.map(({ query }) => query).join('\n')).toMatch(/identity|orchestration/);
  } finally {
    await client.end();
    await agora.end();
  }
});
