/**
 * Cost of hostile requests: the time until each is refused, how long the event loop is blocked meanwhile, and the CPU
 * of its thread, beyond which no stall can last on a machine that has a processor free for it.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { HOSTILE } from '../tests/support/hostile-requests.ts';
import { hostileTokens } from '../tests/support/hostile-tokens.ts';
import { median, quantile, table } from './figures.ts';
import type { Size } from './run.ts';

/** Requests of each kind in a round. */
const EACH = 10;
const ORDINARY: Request = {
  name: '(an ordinary query)',
  body: JSON.stringify({ query: '{ products { nodes { id name } } }' }),
};

interface Request {
  name: string;
  body: string;
  token?: string;
}

/** Figures of one request. Milliseconds. */
interface Figures {
  took: number;
  stallMs: number;
  cpuMs: number;
}

/** Measures, and prints a table. */
export async function hostile({ rounds }: Size): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const tokenKey = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = new Worker(new URL('hostile-server.ts', import.meta.url), { workerData: { tokenKey } });
  const tokens = hostileTokens(privateKey).map(({ name, token }) => ({ ...ORDINARY, name: `token: ${name}`, token }));
  const requests: Request[] = [...HOSTILE, ...tokens];
  const [port] = (await once(server, 'message')) as [number];
  const send = (body: string, token?: string) => post(`http://127.0.0.1:${port}/graphql`, body, token);
  const measured = async (body: string, token?: string): Promise<Figures> => {
    server.postMessage('reset');
    const took = await send(body, token);
    server.postMessage('tell');
    const [told] = (await once(server, 'message')) as [Omit<Figures, 'took'>];
    return { took, ...told };
  };

  for (let n = 0; n < 300; n++) await send(ORDINARY.body);
  for (const { body, token } of requests) for (let n = 0; n < EACH; n++) await send(another(body, n), token);
  const all = new Map<string, Figures[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const { name, body, token } of [ORDINARY, ...requests]) {
      const figures = all.get(name) ?? [];
      for (let n = 0; n < EACH; n++) figures.push(await measured(another(body, round * EACH + n), token));
      all.set(name, figures);
    }
  }
  server.postMessage('end');
  await once(server, 'exit');
  table(
    `Hostile requests, ms, of ${rounds * EACH} each`,
    ['what', 'refused, median', 'p95', 'stall, median', 'p95', 'CPU of the thread, median', 'p95'],
    [...all].map(([name, figures]) => [name, ...told(figures)]),
  );
}

const told = (figures: readonly Figures[]): string[] =>
  (['took', 'stallMs', 'cpuMs'] as const)
    .map((key) => figures.map((one) => one[key]))
    .flatMap((values) => [median(values), quantile(values, 0.95)])
    .map((value) => value.toFixed(1));

/** Another text each time: one that is known to be wrong is refused from the cache. */
const another = (body: string, n: number): string => body.replace('"query":"', `"query":"${' '.repeat(n)}`);

async function post(url: string, body: string, token?: string): Promise<number> {
  const begun = performance.now();
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.text();
  if (token && response.status !== 401) throw new Error(`A hostile token was answered ${response.status}.`);
  return performance.now() - begun;
}
