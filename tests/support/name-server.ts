/** A name server: real DNS over UDP, that answers as the test says. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** The addresses of a name of one kind; `silence` for no answer. */
export type Naming = (name: string, type: 'A' | 'AAAA') => readonly string[] | 'silence';

/** A name server. */
export interface NameServer {
  /** Its address and port. */
  address: string;
  /** The questions that came. */
  asked: string[];
  close(): Promise<void>;
}

const TYPES: Record<number, 'A' | 'AAAA' | undefined> = { 1: 'A', 28: 'AAAA' };
const REFERENCE_TO_QUESTION = [0xc0, 12];

/** Opens a name server on this machine. */
export async function openNameServer(naming: Naming): Promise<NameServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const question = query.subarray(12, at + 5);
    const type = TYPES[query.readUInt16BE(at + 1)];
    asked.push(`${type} ${labels.join('.')}`);
    const addresses = type ? naming(labels.join('.'), type) : [];
    if (addresses === 'silence') return;
    const header = Buffer.from(query.subarray(0, 12));
    // An answer, with recursion; one question, as many records as there are addresses, and nothing else.
    header.writeUInt16BE(0x8180, 2);
    for (const [index, count] of [1, addresses.length, 0, 0].entries()) header.writeUInt16BE(count, 4 + index * 2);
    const records = addresses.map((address) => {
      const data = bytesOf(address);
      return Buffer.from([
        ...REFERENCE_TO_QUESTION,
        0,
        isIPv6(address) ? 28 : 1,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        data.length,
        ...data,
      ]);
    });
    socket.send(Buffer.concat([header, question, ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** The bytes of an address; one of IPv6 is written with all its hextets. */
const bytesOf = (address: string): number[] =>
  isIPv6(address)
    ? address.split(':').flatMap((hextet) => [Number.parseInt(hextet, 16) >> 8, Number.parseInt(hextet, 16) & 255])
    : address.split('.').map(Number);
