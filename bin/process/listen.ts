import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Fault } from '../../platform/errors.ts';

/** Address to listen on, and how to change it. */
export interface ListenOptions {
  /** Port; 0 takes a free one. */
  port: number;
  host: string;
  /** The variable that gives the port. */
  variable: string;
  /** The command that the user typed. */
  command: string;
}

/** Listens. @throws {Fault} `CANNOT_LISTEN`, which says how to choose another port */
export async function listen(server: Server, options: ListenOptions): Promise<void> {
  try {
    server.listen(options.port, options.host);
    await once(server, 'listening');
  } catch (error) {
    throw cannotListen(options, error);
  }
}

/**
 * Requires that the port can be had, before there is anything to serve. Another process may take it meanwhile, which
 * `listen` reports then.
 * @throws {Fault} `CANNOT_LISTEN`
 */
export async function requireFreePort(options: ListenOptions): Promise<void> {
  if (options.port === 0) return;
  const probe = createServer((socket) => socket.destroy());
  await listen(probe, options);
  probe.close();
  await once(probe, 'close');
}

function cannotListen({ port, host, variable, command }: ListenOptions, error: unknown): Fault {
  const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  const reason = isTaken ? `port ${port} of ${host} is taken` : (error as Error).message;
  const hostVariable = variable.replace('PORT', 'HOST');
  return new Fault(
    'CANNOT_LISTEN',
    `${reason}. Choose another with ${variable} (and ${hostVariable}), as in \`${variable}=${port < 65_535 ? port + 1 : 4000} ${command}\`; 0 takes a free one.`,
    { cause: error },
  );
}
