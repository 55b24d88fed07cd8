/** Events that every host publishes about its agents. */
import { z } from 'zod';
import { defineEvent, type EventDefinition } from '../events/define-event.ts';
import { agentErrorDetected } from './error-detected.ts';

/** The states of an agent's life. */
export const AGENT_STATUSES = ['STARTING', 'RUNNING', 'DEGRADED', 'STOPPING', 'STOPPED', 'FAILED'] as const;

/** One of {@link AGENT_STATUSES}. */
export type AgentStatus = (typeof AGENT_STATUSES)[number];

const status = z.enum(AGENT_STATUSES);
const degradation = z.number().int().min(0).max(4);

/** An agent serves. */
export const agentStarted = defineEvent('agent.started', {
  seed: 'AGENT_STARTED',
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
  seed: 'AGENT_STOPPED',
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

/** An agent changed its state otherwise, or one of its circuit breakers did. */
export const agentStatusChanged = defineEvent('agent.status_changed', {
  aggregate: 'agent',
  description:
    'An agent went from one state of its life to another, or from one level of degradation; or a circuit breaker of it opened or closed.',
  payload: z.object({ agentId: z.string(), status, degradation, changedAt: z.string().optional() }),
});

/** A periodic health report of an agent. */
export const healthReported = defineEvent('agent.health_reported', {
  seed: 'HEALTH_CHECK',
  aggregate: 'agent_health',
  description: 'How an agent is. Every five minutes; changes are told at once by agent.status_changed.',
  payload: z.object({
    agentId: z.string(),
    status,
    degradation,
    uptimeSeconds: z.number().int().min(0),
    memoryMb: z.number().int().min(0),
    errorCount: z.number().int().min(0),
    lastError: z.string().nullable(),
  }),
});

/** An operator wants a circuit breaker closed: every process that has it closes it. */
export const breakerReset = defineEvent('agent.breaker_reset', {
  aggregate: 'agent_breaker',
  description: 'An operator had a circuit breaker of an agent closed. Why is in the audit.',
  payload: z.object({ agentId: z.string(), name: z.string(), requestedBy: z.string() }),
});

/** Instructions that can be broadcast to a group of agents. */
export const INSTRUCTIONS = ['RESET_BREAKERS', 'REPORT_HEALTH'] as const;

/** A group of agents is told to do something: each process does it for those that it hosts. */
export const agentsInstructed = defineEvent('agent.instructed', {
  aggregate: 'agent_instruction',
  description: 'An operator told all agents of an area, or all there are, to do something. Why is in the audit.',
  payload: z.object({
    /** Null stands for all areas. */
    area: z.string().nullable(),
    instruction: z.enum(INSTRUCTIONS),
    requestedBy: z.string(),
  }),
});

/** Events that tell of an agent's lifecycle, for those who watch it. */
export const lifeEvents: readonly EventDefinition<any>[] = [agentStarted, agentStopped, agentStatusChanged];

/** All events that a host publishes about its agents. */
export const agentEvents: readonly EventDefinition<any>[] = [...lifeEvents, agentErrorDetected, healthReported];
