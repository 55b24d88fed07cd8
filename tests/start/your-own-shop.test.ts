/** docs/your-own-shop.md, block by block as it is written, in one shell, against an Agora that was started empty. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AgoraProcess, startAgora, temporaryData } from '../support/agora-process.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/your-own-shop.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block!);
const PASSWORD = 'the "words" of my \\ own shop';

const { data, remove } = temporaryData();
let agora: AgoraProcess | undefined;
beforeAll(async () => {
  agora = await startAgora({ data, args: ['--empty'] });
});
afterAll(async () => {
  await agora?.end('SIGKILL');
  await remove();
});

/** Waits for what the page waits some seconds for, however slow the machine. */
const SLEEP = `sleep() { for n in $(seq 60); do command sleep 1
  TOKEN=$ADMIN gql <<< '{ sagas(first: 20) { nodes { status } } }' | grep -qE 'PENDING|RUNNING|COMPENSATING' || return 0; done; }`;

/** Runs the pasted blocks, with this typed where the page asks. Returns all that was shown. */
function paste(script: string, typed: string): Promise<string> {
  const env = { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'error', AGORA_DATA: data };
  return new Promise((resolve, reject) => {
    const child = execFile('bash', ['-euo', 'pipefail', '-c', script], { cwd: ROOT, env }, (error, stdout, stderr) =>
      error ? reject(new Error(`It ended with ${error.code}:\n${stdout}${stderr}`)) : resolve(stderr + stdout),
    );
    child.stdin!.end(typed);
  });
}

test('the page begins with the start that was made here, and names its address once', () => {
  expect(blocks[0]).toBe('npm ci\nnpm start -- --empty\n');
  expect(page.split('http://127.0.0.1:4000')).toHaveLength(2);
});

test('a reader who pastes the page has a shop, an order, a refund, a cancellation and an import, and no error on the way', async () => {
  const script = [SLEEP, ...blocks.slice(1)].join('\n').replace('http://127.0.0.1:4000', agora!.url);
  const shown = await paste(script, `${PASSWORD}\n${PASSWORD}\n`);
  expect(shown).not.toContain(PASSWORD);
  const answers = shown.split('\n').filter((line) => line.startsWith('{'));
  for (const answer of answers) {
    expect(JSON.parse(answer)).not.toHaveProperty('errors');
    for (const [, told] of answer.matchAll(/"userErrors":\[(.*?)\]/g)) expect(told).toBe('');
  }
  const text = answers.join('\n');
  for (const expected of [
    '"roles":["MERCHANT"],"merchantId":"my-shop"',
    '"amount":{"amount":"12.50","currency":"EUR"}',
    '"onHand":100',
    '"status":"ACTIVE"',
    '"availability":{"available":100}',
    '"status":"PROCESSING","paymentStatus":"CAPTURED","lines":[{"sku":"TEA-100","quantity":2}]',
    '"refundedAmount":{"amount":"5.00"}',
    '"status":"CANCELLED","paymentStatus":"REFUNDED","cancellationReason":"MERCHANT_REQUEST"',
    '"saga":{"status":"COMPLETED"},"products":{"totalCount":3}',
  ])
    expect(text).toContain(expected);
});
