import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import { signWebhook } from '../../platform/webhooks/signature.ts';
import { type Agora, openAgora } from '../support/agent-process.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';

const [SECRET, STRANGE] = [1, 2].map((fill) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`) as [
  string,
  string,
];

let agora: Agora;
let gateway: GatewayProcess;
beforeAll(async () => {
  agora = await openAgora();
  gateway = await startGatewayProcess(agora.env);
});
afterAll(async () => {
  await gateway?.end('SIGKILL');
  await agora?.close();
});

async function deliver(id: string, { secret = SECRET, body = '{"buyer":"Zoë"}' } = {}): Promise<number> {
  const headers = signWebhook([secret], { id, at: new Date(), body });
  const response = await fetch(`${gateway.url}/webhooks/payment/simulator`, { method: 'POST', headers, body });
  await response.text();
  return response.status;
}

test('a webhook reaches the agent in its own process; while that is away the sender is told to retry', async () => {
  const id = newId('msg');
  expect(await deliver(id)).toBe(503);
  await agora.start(['payment'], { PAYMENT_WEBHOOK_SECRETS: SECRET });
  const deadline = Date.now() + 90_000;
  let status = 503;
  // Until the gateway has found the agent, like a sender that retries.
  while (status === 503 && Date.now() < deadline) {
    status = await deliver(id);
    if (status === 503) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(status).toBe(202);
  expect(await deliver(id)).toBe(200);
  expect(await deliver(newId('msg'), { secret: STRANGE })).toBe(401);
  const large = JSON.stringify({ text: 'é'.repeat(120_000) });
  expect(await deliver(newId('msg'), { body: large })).toBe(202);
});
