import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A port that forwards to another one of this machine. */
export interface HangingWire {
  port: number;
  /** Forwards nothing any more, and tells nobody; new connections are accepted and not answered. */
  hang(): void;
  /** Forwards again. */
  flow(): void;
  close(): Promise<void>;
}

/** Opens such a port. */
export async function hangingWire(to: number): Promise<HangingWire> {
  const sockets = new Set<Socket>();
  let isHanging = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      keep(one);
      one.on('data', (bytes) => void other.write(bytes));
      one.on('close', () => other.destroy());
      if (isHanging) one.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hang() {
      isHanging = true;
      for (const socket of sockets) socket.pause();
    },
    flow() {
      isHanging = false;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
