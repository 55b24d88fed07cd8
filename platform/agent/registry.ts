/** The table of agents: written by the process that hosts them, read by orchestration for the graph. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { raw } from '../data/raw.ts';
import { lock } from '../data/locks.ts';
import { defineEvent, type EventDefinition } from '../events/define-event.ts';
import { append, envelope } from '../events/event-log.ts';
import type { AgentDefinition } from './define-agent.ts';

/** The states of an agent's life. */
export const AGENT_STATUSES = ['STARTING', 'RUNNING', 'DEGRADED', 'STOPPING', 'STOPPED', 'FAILED'] as const;

/** One of {@link AGENT_STATUSES}. */
export type AgentStatus = (typeof AGENT_STATUSES)[number];

const status = z.enum(AGENT_STATUSES);
const degradation = z.number().int().min(0).max(4);

/** An agent serves. */
export const agentStarted = defineEvent('agent.started', {
  aggregate: 'agent',
  description: 'An agent serves.',
  payload: z.object({
    agentId: z.string(),
    status,
    degradation,
    startTime: z.string(),
    capabilities: z.array(z.string()),
  }),
});

/** An agent has stopped serving. */
export const agentStopped = defineEvent('agent.stopped', {
  aggregate: 'agent',
  description: 'An agent has stopped serving.',
  payload: z.object({
    agentId: z.string(),
    status,
    degradation,
    stopTime: z.string(),
    reason: z.string(),
    graceful: z.boolean(),
  }),
});

/** An agent changed its state otherwise. */
export const agentStatusChanged = defineEvent('agent.status_changed', {
  aggregate: 'agent',
  description: 'An agent went from one state of its life to another, or from one level of degradation.',
  payload: z.object({ agentId: z.string(), status, degradation }),
});

/** What every host publishes about its agents. */
export const agentEvents: readonly EventDefinition<any>[] = [agentStarted, agentStopped, agentStatusChanged];

/** Records an agent's state, and publishes it in the same transaction. */
export async function recordStatus(
  kysely: Kysely<any>,
  agent: AgentDefinition,
  status: AgentStatus,
  at: { now: Date; instance: string; reason?: string },
): Promise<void> {
  const now = at.now.toISOString();
  await kysely.transaction().execute(async (transaction) => {
    await lock(transaction, [`agent:${agent.name}`]);
    const { rows } = await raw<{ version: number }>(
      transaction,
      `insert into platform.agent (name, area, title, description, skills, status, started_at, heartbeat_at, instance)
       values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
       on conflict (name) do update set area = $2, title = $3, description = $4, skills = $5, status = $6,
         started_at = case when $6 = 'STARTING' then $7::timestamptz else agent.started_at end,
         heartbeat_at = $7, instance = $8, degradation = 0, version = agent.version + 1
       returning version`,
      [agent.name, agent.area, agent.title, agent.description, JSON.stringify(agent.skills), status, now, at.instance],
    );
    const event = { aggregateId: agent.name, aggregateVersion: rows[0]!.version };
    const from = { source: agent.name };
    const base = { agentId: agent.name, status, degradation: 0 };
    if (status === 'RUNNING') {
      const capabilities = agent.skills.map((skill) => skill.id);
      await append(transaction, [
        envelope(agentStarted, { ...event, payload: { ...base, startTime: now, capabilities } }, from),
      ]);
    } else if (status === 'STOPPED') {
      const payload = { ...base, stopTime: now, reason: at.reason ?? 'shut down', graceful: true };
      await append(transaction, [envelope(agentStopped, { ...event, payload }, from)]);
    } else {
      await append(transaction, [envelope(agentStatusChanged, { ...event, payload: base }, from)]);
    }
  });
}

/** Says that this process's agents are alive. */
export async function heartbeat(kysely: Kysely<any>, agents: readonly string[], now: Date): Promise<void> {
  await raw(kysely, `update platform.agent set heartbeat_at = $2 where name = any($1)`, [agents, now.toISOString()]);
}
