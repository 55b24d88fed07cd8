/** A small server that speaks clamd's INSTREAM (man clamd), and finds the EICAR test file. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** The file that every scanner finds (https://www.eicar.org/download-anti-malware-testfile/), in halves, lest one finds this. */
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join('');

/** A running scanner. */
export interface ClamdServer {
  host: string;
  port: number;
  /** The contents that were scanned whole. */
  scanned: Buffer[];
  /** How it behaves. */
  mood: 'WELL' | 'SILENT' | 'GONE' | 'FULL';
  close(): Promise<void>;
}

/** Starts the scanner. */
export async function openClamd(): Promise<ClamdServer> {
  const sockets = new Set<Socket>();
  const state: Pick<ClamdServer, 'scanned' | 'mood'> = { scanned: [], mood: 'WELL' };
  const serve = async (socket: Socket): Promise<void> => {
    let buffered = Buffer.alloc(0);
    const content: Buffer[] = [];
    let hasBegun = false;
    for await (const data of socket as AsyncIterable<Buffer>) {
      buffered = Buffer.concat([buffered, data]);
      if (state.mood === 'GONE') return void socket.destroy();
      if (state.mood === 'SILENT') continue;
      if (!hasBegun) {
        const command = 'zINSTREAM\0';
        if (buffered.length < command.length) continue;
        if (!buffered.toString('latin1').startsWith(command)) return void socket.end('UNKNOWN COMMAND\0');
        buffered = buffered.subarray(command.length);
        hasBegun = true;
      }
      while (buffered.length >= 4) {
        const length = buffered.readUInt32BE(0);
        if (length === 0) {
          const whole = Buffer.concat(content);
          state.scanned.push(whole);
          return void socket.end(whole.includes(EICAR) ? 'stream: Eicar-Signature FOUND\0' : 'stream: OK\0');
        }
        if (state.mood === 'FULL') return void socket.end('INSTREAM size limit exceeded. ERROR\0');
        if (buffered.length < 4 + length) break;
        content.push(buffered.subarray(4, 4 + length));
        buffered = buffered.subarray(4 + length);
      }
    }
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    serve(socket).catch(() => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
