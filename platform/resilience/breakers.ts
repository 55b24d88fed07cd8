import { type Clock, systemClock } from '../clock.ts';
import { count } from '../telemetry/metrics.ts';
import { type BreakerState, Guard, type GuardOptions } from './guard.ts';
import type { Policy } from './policies.ts';

/** Options of a dependency's guard. */
export interface GuardedBy extends Pick<GuardOptions, 'isIllness'> {
  policy: Policy;
}

/** Creates the guards of one agent: `guards('payment provider', { policy: POLICIES.provider })`. */
export type Guards = (name: string, by: GuardedBy) => Guard;

/** The owner of a guard that all agents of the process share: that of the database. */
export const EVERY_AGENT = '*';

/** All circuit breakers of this process, for operators to see and reset. */
export class Breakers {
  readonly #guards = new Map<string, Guard>();
  readonly #listeners: ((state: BreakerState) => void)[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The guard of this name for this agent: created at the first call, the same one afterwards. */
  guard(agent: string, name: string, by: GuardedBy): Guard {
    const key = `${agent}\n${name}`;
    let guard = this.#guards.get(key);
    if (!guard) {
      const onChange = (state: BreakerState): void => {
        count('agora_breaker_changes_total', { agent, dependency: name, state: state.state });
        this.#listeners.forEach((listen) => listen(state));
      };
      guard = new Guard({ ...by, agent, name, clock: this.#clock, onChange });
      this.#guards.set(key, guard);
    }
    return guard;
  }

  /** The guards of one agent. */
  of(agent: string): Guards {
    return (name, by) => this.guard(agent, name, by);
  }

  /** Has the listener called when a circuit opens, is probed or closes. */
  onChange(listener: (state: BreakerState) => void): void {
    this.#listeners.push(listener);
  }

  /** Current states of the breakers, of one agent or of all. */
  list(agent?: string): BreakerState[] {
    return [...this.#guards.values()].map((guard) => guard.state).filter((state) => !agent || state.agent === agent);
  }

  /** Whether a dependency of this agent is cut off. */
  isMissingSomething(agent: string): boolean {
    return [...this.#guards.values()].some((guard) => guard.state.agent === agent && guard.isMissing);
  }

  /** Closes a circuit; false if there is none of this name. */
  reset(agent: string, name: string): boolean {
    const guard = this.#guards.get(`${agent}\n${name}`) ?? this.#guards.get(`${EVERY_AGENT}\n${name}`);
    guard?.reset();
    return guard !== undefined;
  }
}
