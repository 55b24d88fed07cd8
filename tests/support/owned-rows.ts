import type { Kysely } from 'kysely';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { raw } from '../../platform/data/raw.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import type { RowOwner } from '../security/permissions/room-world.ts';
import { ROOM_WORLDS } from '../security/permissions/room-worlds.ts';

/** The agents that confine tables by row-level security. */
export const confinedAgents = async (): Promise<AgentDefinition[]> =>
  (await loadAgents()).filter(({ confined }) => confined);

/**
 * Inserts a row of the owner into each confined table, as its room's `world.ts` tells.
 * @throws Error for a room that confines tables and tells of no rows
 */
export async function insertOwned(kysely: Kysely<any>, owner: Omit<RowOwner, 'mark'>): Promise<void> {
  const mark = `of ${owner.customerId ?? owner.orderId}`;
  for (const { name } of await confinedAgents()) {
    const rows = ROOM_WORLDS.get(name)?.confinedRows?.({ ...owner, mark });
    if (!rows) throw new Error(`${name} confines tables: its world.ts lacks \`confinedRows\`, a row for each of them.`);
    for (const [text, parameters] of rows) await raw(kysely, text, [...parameters]);
  }
}
