import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';
import { AgentInstructionSchema, BreakerResetSchema } from './agents/entities.ts';
import { EventActionSchema } from './events-desk/entities.ts';

/** RETRY: try the step now. SKIP: go on as if it were done. COMPENSATE: give up and undo the saga. */
export const SagaActionType = { RETRY: 'RETRY', SKIP: 'SKIP', COMPENSATE: 'COMPENSATE' } as const;
export type SagaActionType = keyof typeof SagaActionType;

export const SagaAttemptSchema = defineEntity({
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

export const SagaActionSchema = defineEntity({
  name: 'SagaAction',
  tableName: 'saga_action',
  properties: {
    sagaId: p.string().primary(),
    number: p.integer().primary(),
    step: p.string(),
    action: p.enum(() => SagaActionType),
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
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof entities)[number]>;
export type SagaActionRow = RowOf<typeof SagaActionSchema>;
