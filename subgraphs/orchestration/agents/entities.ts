import { defineEntity, p } from '@mikro-orm/core';

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
