import { defineEntity, p } from '@mikro-orm/core';
import type { AgentHealth } from '../../../platform/agent/health.ts';
import type { AgentStatus } from '../../../platform/agent/registry.ts';
import type { RowOf } from '../../../platform/data/entity-table.ts';

/**
 * The part of the registry that is read here. The table is the platform's (platform/agent/registry.ts), not the room's.
 */
export const AgentSchema = defineEntity({
  name: 'Agent',
  tableName: 'agent',
  properties: {
    name: p.string().primary(),
    area: p.string(),
    title: p.string(),
    description: p.string(),
    skills: p.json<{ id: string; name: string; description: string }[]>(),
    status: p.string().$type<AgentStatus>(),
    degradation: p.integer(),
    startedAt: p.datetime(),
    heartbeatAt: p.datetime(),
    /** Empty until its process has written it. */
    health: p.json<Partial<AgentHealth>>(),
  },
});
export type AgentRow = RowOf<typeof AgentSchema>;

export const BreakerResetSchema = defineEntity({
  name: 'BreakerReset',
  tableName: 'breaker_reset',
  properties: {
    id: p.string().primary(),
    agent: p.string(),
    breaker: p.string(),
    requestedBy: p.string(),
    reason: p.string(),
    at: p.datetime(),
  },
});

export const AgentInstructionSchema = defineEntity({
  name: 'AgentInstruction',
  tableName: 'agent_instruction',
  properties: {
    id: p.string().primary(),
    area: p.string().nullable(),
    instruction: p.string(),
    requestedBy: p.string(),
    reason: p.string(),
    at: p.datetime(),
  },
});
