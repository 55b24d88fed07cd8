import { once } from 'node:events';
import type { Server } from 'node:http';
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
export async function listen(server: Server, { port, host, variable, command }: ListenOptions): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const reason = isTaken ? `port ${port} of ${host} is taken` : (error as Error).message;
    const hostVariable = variable.replace('PORT', 'HOST');
    throw new Fault(
      'CANNOT_LISTEN',
      `${reason}. Choose another with ${variable} (and ${hostVariable}), as in \`${variable}=${port + 1} ${command}\`; 0 takes a free one.`,
      { cause: error },
    );
  }
}
