/** Processes that speak TLS with one another and with clients, by certificates of an authority of their own. */
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { type Agora, openAgora } from '../support/agent-process.ts';
import { type Certificate, hasOpenssl, makeCertificate } from '../support/certificate.ts';
import { type Answer, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { orSkip } from '../support/or-skip.ts';
import { until } from '../support/until.ts';

orSkip(
  hasOpenssl(),
  describe,
  'TLS between processes',
  'openssl',
)('agents and gateways with a certificate', () => {
  let certificate: Certificate;
  let agora: Agora;
  const gateways: GatewayProcess[] = [];

  beforeAll(async () => {
    certificate = makeCertificate();
    agora = await openAgora();
    await agora.start(['product'], listening());
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.end('SIGKILL')));
    await agora?.close();
    certificate?.remove();
  });

  const listening = () => ({ TLS_CERT: certificate.cert, TLS_KEY: certificate.key });

  async function startGateway(env: Record<string, string>): Promise<GatewayProcess> {
    const { DATABASE_URL, REQUEST_KEYS, TOKEN_KEY } = agora.env as Record<string, string>;
    const TOKEN_PUBLIC_KEY = createPublicKey(TOKEN_KEY!).export({ type: 'spki', format: 'pem' }) as string;
    const own = { DATABASE_URL: DATABASE_URL!, REQUEST_KEYS: REQUEST_KEYS!, TOKEN_PUBLIC_KEY };
    const gateway = await startGatewayProcess({ ...own, ...listening(), DRAIN_SECONDS: '0', ...env });
    gateways.push(gateway);
    return gateway;
  }

  /** Sends a query once the gateway has found the agent in the directory. */
  async function askProducts({ url }: GatewayProcess): Promise<Answer> {
    const isFound = async (): Promise<boolean> => {
      const { subgraphs } = await sendSecurely(`${url}/health/detailed`, certificate.ca);
      return subgraphs.some(({ name, replicas }: any) => name === 'product' && replicas.length > 0);
    };
    await until('the gateway has found the agent', isFound);
    return sendSecurely(`${url}/graphql`, certificate.ca, '{ products(first: 1) { totalCount } }');
  }

  test('answer through HTTPS all the way, and open WebSockets', async () => {
    const { rows } = await agora.database.pool.query('select distinct url from platform.agent_replica');
    expect(rows).toEqual([{ url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/product$/) }]);
    const gateway = await startGateway({ NODE_EXTRA_CA_CERTS: certificate.caFile });
    expect(gateway.url).toMatch(/^https:/);
    expect(await askProducts(gateway)).toMatchObject({ data: { products: { totalCount: 0 } } });

    const address = `${gateway.url.replace('https', 'wss')}/graphql`;
    const socket = new WebSocket(address, 'graphql-transport-ws', { ca: certificate.ca });
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    const [message] = await once(socket, 'message');
    expect(JSON.parse(String(message))).toMatchObject({ type: 'connection_ack' });
    socket.terminate();
    await expect(fetch(gateway.url.replace('https', 'http'))).rejects.toThrow('fetch failed');
    expect(await gateway.end('SIGTERM')).toBe(0);
  });

  test('are trusted by no client that does not know the authority', async () => {
    const gateway = await startGateway({});
    const { errors } = await askProducts(gateway);
    expect(errors).toMatchObject([{ message: 'The agent product did not answer.', extensions: { agent: 'product' } }]);
    await expect(sendSecurely(`${gateway.url}/health`, undefined)).rejects.toThrow(/certificate/);
  });
});

/** The JSON that this address answers: to a query, if one is given. */
async function sendSecurely(url: string, ca: string | undefined, query?: string): Promise<any> {
  const headers = { 'content-type': 'application/json' };
  const asked = request(url, { method: query ? 'POST' : 'GET', ca, headers, agent: false });
  asked.end(query && JSON.stringify({ query }));
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const part of response) text += part;
  return JSON.parse(text);
}
