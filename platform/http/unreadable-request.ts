import type { Socket } from 'node:net';
import { answerAndClose } from './answer-and-close.ts';

/** Answers to requests that Node cannot parse, by error code. */
const ANSWERS: Record<string, { status: string; code: string; message: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'HEADERS_TOO_LARGE',
    message: 'The address and the headers are longer than 16 kB: send a long operation by POST.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: '413 Payload Too Large',
    code: 'CHUNK_EXTENSIONS_TOO_LARGE',
    message: 'The chunk extensions are too long: leave them out.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'REQUEST_TIMEOUT',
    message: 'The request did not arrive in time: send it again.',
  },
};
const NO_HTTP = { status: '400 Bad Request', code: 'BAD_REQUEST', message: 'This is no HTTP/1.1 request.' };

/** Answers a request that has no `IncomingMessage`, and closes its connection. */
export function answerUnreadable({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, ...error } = ANSWERS[code] ?? NO_HTTP;
  answerAndClose(socket, status, error);
}
