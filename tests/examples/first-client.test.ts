import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { done, forSale } from '../support/shop.ts';

const ACCOUNT = { email: 'ada@example.test', password: 'a password for a test' };

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
  const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) { userErrors { message } } }`;
  await done(shop.ask(signUp, { input: { ...ACCOUNT, name: 'Ada' } }));
  await forSale(shop, { price: '12.00' });
});
afterAll(() => shop.close());

test('the first client buys something and prints its updates until the order is being processed', async () => {
  const { code, output, errors } = await demo(shop.url);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(output).toMatch(/Found TEST-.*: 12\.00 EUR, 100 available/);
  expect(statusesIn(output)).toEqual(['PENDING', 'CONFIRMED', 'PROCESSING']);
  expect(output).toMatch(/PROCESSING, payment CAPTURED/);
});

test('and with a declined card until it is cancelled', async () => {
  const { code, output, errors } = await demo(shop.url, '--token', 'tok_declined');
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(statusesIn(output)).toEqual(['PENDING', 'CANCELLED']);
  expect(output).toMatch(/CANCELLED, because of PAYMENT_DECLINED/);
});

test('where Agora is not running it says so', async () => {
  const { code, errors } = await demo('http://127.0.0.1:1/graphql');
  expect(code).toBe(1);
  expect(errors).toMatch(/^Agora does not answer at http:\/\/127\.0\.0\.1:1\/graphql\. Is it running\?.*\n$/);
});

/** Runs `npm run demo` as its script does, but for npm. */
function demo(url: string, ...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const { email: AGORA_EMAIL, password: AGORA_PASSWORD } = ACCOUNT;
  const env = { ...process.env, AGORA_URL: url, AGORA_EMAIL, AGORA_PASSWORD, NODE_OPTIONS: '' };
  return new Promise((resolve) => {
    const program = ['bin/agora.mjs', 'examples/first-client/main.ts', ...args];
    const child = execFile(process.execPath, program, { env, timeout: 20_000 }, (_, output, errors) =>
      resolve({ code: child.exitCode, output, errors }),
    );
  });
}

const statusesIn = (output: string): string[] =>
  [...output.matchAll(/order\.\w+ +([A-Z_]+)/g)].map(([, status]) => status!);
