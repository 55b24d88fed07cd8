/**
 * Many subscribers over WebSocket in one process, as cheap as they can be: the gateway is to be measured. Steered by
 * messages, each of which it answers: `open`, `take` the messages so far, `churn`, `close`.
 */
import { once } from 'node:events';
import WebSocket from 'ws';

/** Messages since the last question: their delays in milliseconds, and the CPU of reading, in all. */
export interface Taken {
  delays: number[];
  cpu: number;
  closed: number;
}

/** Commands to the subscribers. */
export type Command =
  | { what: 'open'; port: number; count: number; isAlone: boolean }
  | { what: 'take' }
  | { what: 'churn'; times: number }
  | { what: 'close' };

const QUERY =
  'subscription ($after: String, $room: String) { ticked(after: $after, room: $room) { cursor n at products { id name price } } }';
/** Sockets that are connected at once. */
const BATCH = 200;

const sockets: WebSocket[] = [];
let delays: number[] = [];
let closed = 0;

async function open(port: number, room: string | null): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { perMessageDeflate: false });
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.on('close', () => (closed += 1));
  const acknowledged = once(socket, 'message');
  socket.send('{"type":"connection_init"}');
  await acknowledged;
  socket.on('message', (data: Buffer) => {
    const text = data.toString('latin1');
    const start = text.indexOf('"at":') + 5;
    if (start < 5) return;
    const at = Number(text.slice(start, text.indexOf(',', start)));
    delays.push(performance.timeOrigin + performance.now() - at);
  });
  socket.send(subscribe('1', room));
  sockets.push(socket);
}

const subscribe = (id: string, room: string | null): string =>
  JSON.stringify({ id, type: 'subscribe', payload: { query: QUERY, variables: { after: null, room } } });

async function openAll(port: number, count: number, isAlone: boolean): Promise<void> {
  for (let n = 0; n < count; n += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - n) }, (_, index) => n + index);
    await Promise.all(batch.map((index) => open(port, isAlone ? `room ${index}` : null)));
  }
}

/**
 * Subscribes and leaves again, so many times, over all sockets; resolves when the gateway has answered the last one.
 */
async function churn(times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const socket = sockets[n % sockets.length]!;
    const id = `x${n}`;
    socket.send(subscribe(id, n % 2 === 0 ? null : `room ${n}`));
    socket.send(JSON.stringify({ id, type: 'complete' }));
    if (n % 500 === 499) await answered(socket);
  }
  await Promise.all(sockets.map(answered));
}

async function answered(socket: WebSocket): Promise<void> {
  const pong = once(socket, 'message');
  socket.send('{"type":"ping"}');
  await pong;
}

function closeAll(): void {
  for (const socket of sockets) socket.terminate();
  sockets.length = 0;
}

function take(): Taken {
  const { user, system } = process.cpuUsage();
  const taken = { delays, cpu: (user + system) / 1000, closed };
  delays = [];
  return taken;
}

async function obey(command: Command): Promise<void> {
  if (command.what === 'open') await openAll(command.port, command.count, command.isAlone);
  if (command.what === 'churn') await churn(command.times);
  if (command.what === 'close') closeAll();
  process.send!(command.what === 'take' ? take() : {});
}

process.on('message', (command: Command) => void obey(command));
process.send!('ready');
