/** Starts that must load no demo data, whose accounts have a password that everybody knows. */
import { afterAll, expect, test } from '@jest/globals';
import { startAgora, temporaryData } from '../support/agora-process.ts';
import { testDatabase } from '../support/database.ts';
import { npmScript } from '../support/npm-script.ts';

const folder = temporaryData();
afterAll(() => folder.remove());

const SIGN_IN = `mutation { signIn(input: { email: "admin@agora.test", password: "agora-demo" }) {
  accessToken user { roles } userErrors { code } } }`;

/** What a client finds of the demo: how many products, and what its administrator is answered. */
async function demoIn({ url }: { url: string }): Promise<unknown> {
  const [products, admin] = await Promise.all(
    ['{ products(first: 1) { totalCount } }', SIGN_IN].map(async (query) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      return ((await response.json()) as { data: any }).data;
    }),
  );
  return { products: products.products.totalCount, signIn: admin.signIn };
}

const NOTHING = {
  products: 0,
  signIn: { accessToken: null, user: null, userErrors: [{ code: 'INVALID_CREDENTIALS' }] },
};

test('a production start on a DATABASE_URL, without --empty after one with it, lets nobody in by the demo’s password', async () => {
  const database = await testDatabase();
  try {
    const env = { DATABASE_URL: database.url, NODE_ENV: 'production' };
    for (const args of [['--empty'], []]) {
      const agora = await startAgora({ data: folder.data, args, env });
      expect({ args, demo: await demoIn(agora) }).toEqual({ args, demo: NOTHING });
      expect((await agora.end('SIGINT')).code).toBe(0);
    }
    const { rows } = await database.pool.query('select count(*)::int as accounts from identity.account');
    expect(rows).toEqual([{ accounts: 0 }]);
  } finally {
    await database.drop();
  }
});

test('`npm start --empty`, an option that npm keeps for itself, loads no demo data', async () => {
  const script = npmScript(['start', '--empty'], { AGORA_DATA: folder.data });
  try {
    await script.says('Stop ');
    const [, url] = /(http:\S+)\/graphql/.exec(script.output())!;
    expect(await demoIn({ url: url! })).toEqual(NOTHING);
    expect(script.output()).not.toMatch(/demo data in|agora-demo/);
    await script.pressCtrlC();
  } finally {
    script.kill();
  }
});
