import { type Clock, systemClock } from '../clock.ts';
import { count } from '../telemetry/metrics.ts';
import { type BreakerState, Guard, type GuardOptions } from './guard.ts';
import type { Policy } from './policies.ts';

/** What a dependency is guarded by. */
export interface GuardedBy extends Pick<GuardOptions, 'isIllness'> {
  policy: Policy;
}

/** Makes the guards of one agent: `guards('payment provider', { policy: POLICIES.provider })`. */
export type Guards = (name: string, by: GuardedBy) => Guard;

/** Whose a guard is that all agents of the process share: that of the database. */
export const EVERY_AGENT = '*';

/** All circuit breakers of this process, to be seen and reset. */
export class Breakers {
  readonly #guards = new Map<string, Guard>();
  readonly #listeners: ((state: BreakerState) => void)[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The guard of this name for this agent: made at the first call, the same one afterwards. */
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

  /** The same for one agent. */
  of(agent: string): Guards {
    return (name, by) => this.guard(agent, name, by);
  }

  /** Told when a circuit opens, is probed or closes. */
  onChange(listener: (state: BreakerState) => void): void {
    this.#listeners.push(listener);
  }

  /** As they are, of one agent or of all. */
  list(agent?: string): BreakerState[] {
    return [...this.#guards.values()].map((guard) => guard.state).filter((state) => !agent || state.agent === agent);
  }

  /** Whether this agent does without something that it needs. */
  isMissingSomething(agent: string): boolean {
    return [...this.#guards.values()].some((guard) => guard.state.agent === agent && guard.isMissing);
  }

  /** Closes a circuit. False if there is none of this name. */
  reset(agent: string, name: string): boolean {
    const guard = this.#guards.get(`${agent}\n${name}`) ?? this.#guards.get(`${EVERY_AGENT}\n${name}`);
    guard?.reset();
    return guard !== undefined;
  }
}
