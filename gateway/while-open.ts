import type { WebSocket } from 'ws';

/** Does work for the other end of a socket; its signal aborts when the socket closes. */
export async function whileOpen<T>(
  socket: Pick<WebSocket, 'once' | 'off'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  socket.once('close', leave);
  try {
    return await work(leaving.signal);
  } finally {
    socket.off('close', leave);
  }
}
