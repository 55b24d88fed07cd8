import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../data/entity-table.ts';
import type { Connection } from '../graphql/connection.ts';
import type { Alternative } from './policy.ts';

/** The kinds of deciders: rules, statistics, an optimiser, a language model, a person. */
export const DecisionSource = {
  POLICY: 'POLICY',
  STATISTICAL: 'STATISTICAL',
  OPTIMIZER: 'OPTIMIZER',
  LLM: 'LLM',
  HUMAN: 'HUMAN',
} as const;
/** A kind of decider. */
export type DecisionSource = keyof typeof DecisionSource;

/** The record of a decision (decisions.sql). */
export const DecisionSchema = defineEntity({
  name: 'Decision',
  tableName: 'decision',
  properties: {
    id: p.string().primary(),
    policy: p.string(),
    policyVersion: p.integer(),
    subjectId: p.string(),
    source: p.enum(() => DecisionSource),
    choice: p.string(),
    /** Digest of all that the policy answered. */
    resultHash: p.string().nullable(),
    reasons: p.json<readonly string[]>(),
    alternatives: p.json<readonly Alternative[]>(),
    weighed: p.integer(),
    inputs: p.json<unknown>().nullable(),
    decidedBy: p.string(),
    decidedAt: p.datetime(),
    reviewOf: p.string().nullable(),
  },
});

/** What became of a decision (decisions.sql). */
export const DecisionOutcomeSchema = defineEntity({
  name: 'DecisionOutcome',
  tableName: 'decision_outcome',
  properties: {
    decisionId: p.string().primary(),
    outcome: p.string().primary(),
    occurredAt: p.datetime(),
  },
});

/** The tables of decisions, for Kysely. */
export type DecisionTables = TablesOf<typeof DecisionSchema | typeof DecisionOutcomeSchema>;
/** A decision as it is read. */
export type DecisionRow = RowOf<typeof DecisionSchema>;
/** An outcome of a decision as it is read. */
export type DecisionOutcomeRow = RowOf<typeof DecisionOutcomeSchema>;
/** A page of decisions. */
export type DecisionConnectionRow = Connection<DecisionRow>;
