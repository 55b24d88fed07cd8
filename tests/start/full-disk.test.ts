/** The disk of `npm start` is full for a while: a real one, on which its whole AGORA_DATA is. */
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { deleteEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { homeFor } from '../../db/embedded-postgres/home.ts';
import { serverIdentity } from '../../db/embedded-postgres/identity.ts';
import { runningPostmaster } from '../../db/embedded-postgres/postmaster.ts';
import { startAgora } from '../support/agora-process.ts';
import { orSkipUntil } from '../support/or-skip.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { until, untilAnswer } from '../support/until.ts';

const DISK_MB = 300;
const disk = mountSmallDisk(DISK_MB);
afterAll(() => disk?.remove());

const CREATE_CART = 'mutation { createCart(input: {}) { cart { id } userErrors { code } } }';

orSkipUntil(
  disk !== undefined,
  test,
  'a full disk, since no tmpfs can be mounted here',
  'Run the test as root.',
)(
  'on a full disk writes are UNAVAILABLE and readiness says why; with space again both go on, also if PostgreSQL has died',
  async () => {
    const data = join(disk!.folder, 'data');
    const { cluster } = homeFor(join(data, 'postgres'), serverIdentity());
    const agora = await startAgora({ data, args: ['--empty'] });
    const write = async (): Promise<any> => {
      const response = await fetch(`${agora.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: CREATE_CART }),
      });
      return response.json();
    };
    const readiness = async (): Promise<{ status: number; text: string }> => {
      const response = await fetch(`${agora.url}/health/ready`);
      return { status: response.status, text: await response.text() };
    };
    const untilReady = async (): Promise<void> => {
      const { text } = await untilAnswer(readiness, ({ status }) => status === 200, 'it does not recover');
      expect(text).toBe('{"status":"ready","details":{}}');
    };
    const untilUnready = (reason: string) =>
      untilAnswer(readiness, ({ status, text }) => status === 503 && text.includes(reason), 'it does not say why');
    try {
      expect((await write()).data.createCart.userErrors).toEqual([]);
      disk!.fill();
      const refused = await untilAnswer(write, ({ errors }) => errors !== undefined, 'writes go on');
      expect(refused).toMatchObject({ data: { createCart: null }, errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
      await untilUnready('its disk is full: make room');

      disk!.free();
      await untilReady();
      expect((await write()).data.createCart.cart.id).toMatch(/^cart_/);

      disk!.fill();
      process.kill(runningPostmaster(cluster)!.pid, 'SIGKILL');
      await until('PostgreSQL has failed to start three times', () => {
        disk!.fill();
        return agora.output().includes('"failures":3,');
      });
      expect(agora.output()).toMatch(/PostgreSQL did not start again, and will be tried again: .*make room/);
      await untilUnready('"waitingFor":"database"');
      disk!.free();
      await untilReady();
      // The circuit breaker of the database may stay open for another second.
      await untilAnswer(write, ({ errors }) => errors === undefined, 'writes do not go on');
      expect((await agora.end('SIGINT')).code).toBe(0);
    } finally {
      await agora.end('SIGKILL');
      await deleteEmbeddedPostgres(join(data, 'postgres'));
    }
  },
);
