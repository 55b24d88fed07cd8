/**
 * Asks ClamAV's daemon over TCP, by its command INSTREAM (man clamd): `zINSTREAM\0`, then chunks, each with its length in
 * four bytes before it, and a chunk of no length at the end. It answers `stream: OK\0`, `stream: <name> FOUND\0`, or an
 * error, such as for a stream that is longer than its `StreamMaxLength`.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Fault } from '../errors.ts';
import type { FileScanner } from './file-scanner.ts';

/** Where clamd listens. */
export interface ClamdOptions {
  host: string;
  port: number;
  /** How long it may keep still, in milliseconds. It answers when it has scanned all. @default 60000 */
  stillMs?: number;
}

const STILL_MS = 60_000;
const MAX_ANSWER = 4096;

/** Creates the scanner. It connects for each scan. */
export const clamdScanner = ({ host, port, stillMs = STILL_MS }: ClamdOptions): FileScanner => ({
  async scan(content) {
    const socket = connect({ host, port });
    socket.setTimeout(stillMs, () => socket.destroy(new Error(`It kept still for ${stillMs} ms.`)));
    let answer = '';
    const answered = new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => resolve());
      socket.on('data', (data: Buffer) => {
        answer += data.toString('latin1');
        if (answer.includes('\0') || answer.length > MAX_ANSWER) resolve();
      });
    });
    // A rejection that nobody awaits yet is no fault of the process.
    answered.catch(() => {});
    try {
      await Promise.race([once(socket, 'connect'), answered]);
      const send = async (bytes: Uint8Array): Promise<void> => {
        if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), answered]);
      };
      await send(Buffer.from('zINSTREAM\0'));
      for await (const chunk of content) {
        // It has answered, or gone, before the end: there is nobody to send the rest to.
        if (answer || socket.destroyed) break;
        if (chunk.length === 0) continue;
        await send(lengthOf(chunk.length));
        await send(chunk);
      }
      if (!answer && !socket.destroyed) await send(lengthOf(0));
      await answered;
      return findingOf(answer);
    } catch (error) {
      throw error instanceof Fault ? error : failed((error as Error).message);
    } finally {
      socket.destroy();
    }
  },
});

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

function findingOf(answer: string): string | undefined {
  const [, verdict = ''] = /^stream: (.*?)\0?$/s.exec(answer) ?? [];
  if (verdict === 'OK') return undefined;
  const found = /^(.{1,200}) FOUND$/s.exec(verdict)?.[1];
  if (found) return found;
  throw failed(answer ? `it answered “${answer.replaceAll('\0', '').slice(0, 200)}”.` : 'it gave no answer.');
}

const failed = (why: string): Fault =>
  new Fault('SCANNER_FAILED', `The virus scanner gave no verdict: ${why}`, { recovery: 'RETRY' });
