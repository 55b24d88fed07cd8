/** `npm start` twice on one database, without a Redis: what one process shuts is shut at the other. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { type AgoraProcess, startAgora, temporaryData } from '../support/agora-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { untilAnswer } from '../support/until.ts';

const folder = temporaryData();
let database: TestDatabase;
let [first, second]: AgoraProcess[] = [];
beforeAll(async () => {
  database = await testDatabase();
  const start = () =>
    startAgora({ data: folder.data, args: ['--empty'], env: { DATABASE_URL: database.url, REDIS_URL: '' } });
  // One after the other: the first one makes the keys that both need.
  first = await start();
  second = await start();
});
afterAll(async () => {
  for (const agora of [first, second]) await agora?.end();
  await folder.remove();
  await database?.drop();
});

async function ask({ url }: AgoraProcess, query: string, token?: string) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, ...((await response.json()) as { data?: any; errors?: any[] }) };
}

const PASSWORD = 'a long enough secret';

async function newUser(name: string): Promise<string> {
  const input = `{ email: "${name}@example.com", password: "${PASSWORD}", name: "${name}" }`;
  const { data } = await ask(first!, `mutation { signUp(input: ${input}) { accessToken userErrors { code } } }`);
  expect(data.signUp.userErrors).toEqual([]);
  return data.signUp.accessToken;
}

const isRefused = ({ status }: { status: number }): boolean => status === 401;

test('a session that is signed out at one is refused by the other, and its socket there is closed', async () => {
  const token = await newUser('ada');
  expect((await ask(second!, '{ me { email } }', token)).data.me.email).toBe('ada@example.com');
  const socket = new WebSocket(`${second!.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  await once(socket, 'message');
  const closed = once(socket, 'close');

  expect((await ask(first!, 'mutation { signOut { signedOut } }', token)).data.signOut.signedOut).toBe(true);
  expect(await ask(first!, '{ me { email } }', token)).toMatchObject({ status: 401 });
  const after = await untilAnswer(
    () => ask(second!, '{ me { email } }', token),
    isRefused,
    'the other one still answers',
  );
  expect(after).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  expect((await closed)[0]).toBe(4401);
});

test('an account that is shut at one, as by a change of its password, is shut at the other', async () => {
  const token = await newUser('bob');
  const signIn = `mutation { signIn(input: { email: "bob@example.com", password: "${PASSWORD}" }) { accessToken } }`;
  const current = (await ask(second!, signIn)).data.signIn.accessToken;
  const change = `mutation { changePassword(input: { currentPassword: "${PASSWORD}", newPassword: "another long secret" }) { done } }`;
  expect((await ask(second!, change, current)).data.changePassword.done).toBe(true);
  await untilAnswer(() => ask(first!, '{ me { email } }', token), isRefused, 'the first one still answers');
  expect((await ask(first!, '{ me { email } }', current)).data.me.email).toBe('bob@example.com');
});
