import type { Clock } from '../clock.ts';
import type { Ask } from '../commands/ask.ts';
import type { Config } from '../config/config.ts';
import type { Store } from '../store/store.ts';
import type { EventCheck } from '../events/event-check.ts';
import type { LiveLog } from '../events/live.ts';
import type { Tokens } from '../identity/tokens.ts';
import type { Logger } from '../log.ts';
import type { Guards } from '../resilience/breakers.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { AgentDefinition } from './define-agent.ts';

/** The dependencies injected into an agent: it touches nothing else. `Variables` are those that its room declares. */
export interface AgentContext<DB = any, Variables extends object = object> {
  readonly config: Config & Variables;
  readonly log: Logger;
  readonly clock: Clock;
  /** Its own data. */
  readonly store: Store<DB>;
  /** Commands to other agents. */
  readonly ask: Ask;
  /** Guards (timeout, retry, circuit breaker) for outside dependencies; their state is seen in the graph. */
  readonly guards: Guards;
  /** The events of all agents as they come, for subscriptions. */
  readonly live: LiveLog;
  /** Tells the events that their senders signed from others: for an agent that reads the log by itself. */
  readonly eventCheck: EventCheck;
  /** Signs access tokens where this process holds the key; verifies them everywhere. */
  readonly tokens: Tokens;
  /** Encrypts secrets that must not stand in plain text where others read: an event, a saga's input, a table. */
  readonly secrets: Secrets;
  /** Every agent's definition, for the one that keeps the registry. */
  readonly allAgents: readonly AgentDefinition[];
}
