import type { Breakers } from '../resilience/breakers.ts';
import type { Directory } from './directory.ts';

/**
 * Closes the circuits to an agent when a new replica of it appears, so that callers ask it at once, and not a minute
 * later when the circuit would be probed.
 */
export function resetOnReturn(directory: Pick<Directory, 'onChange'>, breakers: Breakers): void {
  let known = new Set<string>();
  directory.onChange((all) => {
    // A late replica that renews its lease has come back, too.
    const replicas = all.filter(({ isLate }) => !isLate);
    const came = new Set(
      replicas.filter(({ process, agent }) => !known.has(`${agent} ${process}`)).map((r) => r.agent),
    );
    known = new Set(replicas.map(({ process, agent }) => `${agent} ${process}`));
    const open = breakers.list().filter(({ state }) => state !== 'CLOSED');
    for (const { agent, name } of open) if (came.has(name.replace(/^agent:/, ''))) breakers.reset(agent, name);
  });
}
