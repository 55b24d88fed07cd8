import { defineEntity, p } from '@mikro-orm/core';
import type { InferKyselyDB } from '@mikro-orm/postgresql';
import { AgentInstructionSchema, BreakerResetSchema } from './agents/entities.ts';
import { EventActionSchema } from './events-desk/entities.ts';

const SagaAttemptSchema = defineEntity({
  name: 'SagaAttempt',
  tableName: 'saga_attempt',
  properties: {
    sagaId: p.string().primary(),
    step: p.string().primary(),
    attempts: p.integer(),
    lastError: p.string(),
    lastAt: p.datetime(),
    alertedAt: p.datetime().nullable(),
  },
});

const SagaActionSchema = defineEntity({
  name: 'SagaAction',
  tableName: 'saga_action',
  properties: {
    sagaId: p.string().primary(),
    number: p.integer().primary(),
    step: p.string(),
    action: p.string(),
    requestedBy: p.string(),
    reason: p.string(),
    at: p.datetime(),
    takenAt: p.datetime().nullable(),
  },
});

export const entities = [
  SagaAttemptSchema,
  SagaActionSchema,
  EventActionSchema,
  BreakerResetSchema,
  AgentInstructionSchema,
];
/** The room's tables, as SQL sees them. */
export type Tables = InferKyselyDB<(typeof entities)[number]>;
