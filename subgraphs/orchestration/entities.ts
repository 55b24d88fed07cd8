import { defineEntity, p } from '@mikro-orm/core';
import type { InferKyselyDB } from '@mikro-orm/postgresql';

const SagaAttemptSchema = defineEntity({
  name: 'SagaAttempt',
  tableName: 'saga_attempt',
  properties: {
    sagaId: p.string().primary(),
    step: p.string().primary(),
    attempts: p.integer(),
    lastError: p.string(),
    lastAt: p.datetime(),
  },
});

export const entities = [SagaAttemptSchema];
/** The room's tables, as SQL sees them. */
export type Tables = InferKyselyDB<(typeof entities)[number]>;
