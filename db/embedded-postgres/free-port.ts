import { createServer } from 'node:net';

/** A port of 127.0.0.1 on which no process listens: the preferred one if it is free, otherwise any. */
export async function freePort(preferred: number): Promise<number> {
  const port = await tryPort(preferred).catch(() => tryPort(0));
  return port;
}

function tryPort(port: number): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address() as { port: number };
      probe.close(() => done(address.port));
    });
  });
}
