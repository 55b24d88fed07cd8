/** The table of agents: written by the process that hosts them, read by orchestration for the graph. */
import type { Kysely } from 'kysely';
import { lock } from '../data/locks.ts';
import { raw } from '../data/raw.ts';
import { append, type Envelope, envelope } from '../events/event-log.ts';
import type { EventSigner } from '../events/signing.ts';
import { type AgentStatus, agentStarted, agentStatusChanged, agentStopped } from './agent-events.ts';
import type { AgentDefinition } from './define-agent.ts';
import type { AgentHealth } from './health.ts';

export { AGENT_STATUSES, type AgentStatus, agentEvents, lifeEvents } from './agent-events.ts';

/** Lease of an agent, in milliseconds: without a heartbeat (every ten seconds) for so long, it is taken for dead. */
export const LEASE_MS = 30_000;

/** The process that writes, and its connections. */
export interface Writer {
  kysely: Kysely<any>;
  /** The connections of one agent, where agents have roles of their own. @default kysely */
  kyselyFor?(agent: string): Kysely<any>;
  /** The name of the process, stable over restarts. */
  instance: string;
  /** Unique id of this run of the process. */
  process: string;
  signer?: EventSigner;
}

/** Groups items of several agents by the connections that they are written over. */
export const byConnections = <T>(
  { kysely, kyselyFor = () => kysely }: Pick<Writer, 'kysely' | 'kyselyFor'>,
  items: Iterable<T>,
  agentOf: (item: T) => string,
): Map<Kysely<any>, T[]> => Map.groupBy(items, (item) => kyselyFor(agentOf(item)));

/** One change in an agent's life. */
export interface StatusChange {
  status: AgentStatus;
  degradation: number;
  at: Date;
  /** Reason of the start or the stop. */
  reason?: string;
}

// Of several processes with the same agent one speaks for it: the last to start it, until its end or its lease's.
const MAY_SPEAK = `agent.process = $9 or $6 = 'STARTING' or agent.status in ('STOPPED', 'FAILED')
  or agent.heartbeat_at < $7::timestamptz - interval '${LEASE_MS} milliseconds'`;

/** Records status changes of an agent, in order, and publishes them in the same transaction. */
export async function recordChanges(
  { kysely, kyselyFor = () => kysely, instance, process, signer }: Writer,
  agent: AgentDefinition,
  changes: readonly StatusChange[],
  health: AgentHealth,
): Promise<void> {
  await kyselyFor(agent.name)
    .transaction()
    .execute(async (transaction) => {
      await lock(transaction, [`agent:${agent.name}`]);
      const events: Envelope[] = [];
      const who = [agent.name, agent.area, agent.title, agent.description, JSON.stringify(agent.skills)];
      for (const { status, degradation, at, reason } of changes) {
        const { rows } = await raw<{ version: number }>(
          transaction,
          `insert into platform.agent (name, area, title, description, skills, status, started_at, heartbeat_at, instance,
                                     process, degradation, health)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11)
         on conflict (name) do update set area = $2, title = $3, description = $4, skills = $5, status = $6,
           started_at = case when $6 = 'STARTING' then $7::timestamptz else agent.started_at end,
           heartbeat_at = $7, instance = $8, process = $9, degradation = $10, health = $11, version = agent.version + 1
         where ${MAY_SPEAK}
         returning version`,
          [...who, status, at.toISOString(), instance, process, degradation, JSON.stringify(health)],
        );
        if (rows[0]) events.push(eventOf(agent, { status, degradation, at, reason }, rows[0].version));
      }
      await append(transaction, events, signer);
    });
}

function eventOf(agent: AgentDefinition, { status, degradation, at, reason }: StatusChange, version: number): Envelope {
  const event = { aggregateId: agent.name, aggregateVersion: version };
  const from = { source: agent.name };
  const base = { agentId: agent.name, status, degradation };
  const time = at.toISOString();
  if (status === 'STOPPED') {
    const payload = { ...base, stopTime: time, reason: reason ?? 'shut down', graceful: true };
    return envelope(agentStopped, { ...event, payload }, from);
  }
  if (status === 'RUNNING' && reason === 'started') {
    const payload = { ...base, startTime: time, capabilities: agent.skills.map((skill) => skill.id) };
    return envelope(agentStarted, { ...event, payload }, from);
  }
  return envelope(agentStatusChanged, { ...event, payload: { ...base, changedAt: time } }, from);
}

/** Sends the heartbeat and the health of these agents. Returns those that another process speaks for. */
export async function heartbeat(
  writer: Writer,
  health: ReadonlyMap<string, AgentHealth>,
  now: Date,
): Promise<string[]> {
  const ours = new Set<string>();
  for (const [kysely, beats] of byConnections(writer, health, ([agent]) => agent)) {
    const { rows } = await raw<{ name: string }>(
      kysely,
      `update platform.agent set heartbeat_at = $2, health = h.value
         from jsonb_each($1::jsonb) h where agent.name = h.key and agent.process = $3 returning name`,
      [JSON.stringify(Object.fromEntries(beats)), now.toISOString(), writer.process],
    );
    for (const { name } of rows) ours.add(name);
  }
  return [...health.keys()].filter((name) => !ours.has(name));
}
