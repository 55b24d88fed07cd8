import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  handleWhen,
  noop,
  retry,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import type { Clock } from '../clock.ts';
import { Unavailable } from '../errors.ts';
import { FailuresBreaker } from './failures-breaker.ts';
import type { Policy } from './policies.ts';

/** Status of a circuit breaker: calls pass, none passes, or the next one passes as a probe. */
export type CircuitStatus = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

/** A guard as an operator sees it. */
export interface BreakerState {
  /** The agent that owns it. */
  agent: string;
  /** The dependency: `database`, `agent:inventory`, `payment provider`. */
  name: string;
  state: CircuitStatus;
  /** Current number of failures in a row. */
  failures: number;
  /** Error of the last failure, also when calls have succeeded since. */
  lastError: string | null;
  /** The code of that error, which holds nothing private. */
  lastCode: string | null;
  openedAt: Date | null;
  /** Latency of the last call that was answered, in milliseconds. */
  latencyMs: number | null;
}

/** Options of a guard. */
export interface GuardOptions {
  agent: string;
  name: string;
  policy: Policy;
  clock: Clock;
  /** Whether an error counts against the dependency. A refusal does not: it is an answer. @default every error */
  isIllness?: (error: unknown) => boolean;
  onChange(state: BreakerState): void;
}

const STATUS: Record<CircuitState, CircuitStatus> = {
  [CircuitState.Closed]: 'CLOSED',
  [CircuitState.Open]: 'OPEN',
  [CircuitState.HalfOpen]: 'HALF_OPEN',
  [CircuitState.Isolated]: 'OPEN',
};

/** One dependency of one agent, behind bulkhead, retry, circuit breaker and timeout, in this order from outside. */
export class Guard {
  readonly #o: GuardOptions;
  readonly #count: FailuresBreaker;
  readonly #circuit;
  readonly #policy;
  #lastError: Error | undefined;
  #openedAt: Date | undefined;
  #opened = 0;
  #latencyMs: number | undefined;

  constructor(options: GuardOptions) {
    const { policy, isIllness = () => true } = options;
    this.#o = options;
    this.#count = new FailuresBreaker(policy.breaker);
    this.#circuit = circuitBreaker(
      handleWhen((error) => error instanceof TaskCancelledError || isIllness(error)),
      {
        breaker: this.#count,
        halfOpenAfter: policy.breaker.openMs,
      },
    );
    this.#circuit.onFailure(({ handled, reason }) => {
      if (handled && 'error' in reason) this.#lastError = reason.error as Error;
    });
    this.#circuit.onSuccess(({ duration }) => (this.#latencyMs = Math.round(duration * 10) / 10));
    this.#circuit.onStateChange(() => this.#changed());
    this.#policy = wrap(
      bulkhead(policy.bulkhead.concurrent, policy.bulkhead.waiting),
      policy.retry ? retry(handleAll, triesOf(policy.retry)) : noop,
      this.#circuit,
      policy.timeoutMs ? timeout(policy.timeoutMs, TimeoutStrategy.Aggressive) : noop,
    );
  }

  /**
   * Calls the dependency. `work` gets a signal that aborts with `signal` and at the timeout.
   * @throws Unavailable at once while the circuit is open or too many wait, and at the timeout; or the error of `work`
   */
  async execute<T>(work: (signal: AbortSignal) => PromiseLike<T> | T, signal?: AbortSignal): Promise<T> {
    try {
      // The caller's signal stays outside the policy's: a caller that leaves does not count against the dependency.
      return await this.#policy.execute(({ signal: own }) => work(signal ? AbortSignal.any([signal, own]) : own));
    } catch (error) {
      const said = this.#whyNot(error);
      throw said ? new Unavailable(`${this.#o.name} (asked by ${this.#o.agent}) ${said}`, { cause: error }) : error;
    }
  }

  /** Current state of the circuit breaker. */
  get state(): BreakerState {
    const { agent, name, policy } = this.#o;
    const isDue = performance.now() - this.#opened >= policy.breaker.openMs;
    const status = STATUS[this.#circuit.state];
    const code = (this.#lastError as { code?: unknown } | undefined)?.code;
    return {
      agent,
      name,
      // No call since the probe was due: the next call is the probe.
      state: status === 'OPEN' && isDue ? 'HALF_OPEN' : status,
      failures: this.#count.state,
      lastError: this.#lastError?.message.slice(0, 500) ?? null,
      lastCode: this.#lastError ? (typeof code === 'string' ? code : this.#lastError.name) : null,
      openedAt: this.#openedAt ?? null,
      latencyMs: this.#latencyMs ?? null,
    };
  }

  /** Whether the dependency is cut off. An open circuit without a probe for long tells nothing about the present. */
  get isMissing(): boolean {
    const { policy } = this.#o;
    return this.#circuit.state !== CircuitState.Closed && performance.now() - this.#opened < 2 * policy.breaker.openMs;
  }

  /** Closes the circuit, for an operator who knows that the dependency has recovered. */
  reset(): void {
    this.#count.success(CircuitState.HalfOpen);
    // Cockatiel closes a circuit when its isolation is disposed of.
    if (this.#circuit.state !== CircuitState.Closed) this.#circuit.isolate().dispose();
  }

  #changed(): void {
    // A reset isolates the circuit for a moment.
    if (this.#circuit.state === CircuitState.Isolated) return;
    if (this.#circuit.state === CircuitState.Open) {
      this.#opened = performance.now();
      this.#openedAt = this.#o.clock.now();
    } else if (this.#circuit.state === CircuitState.Closed) {
      this.#openedAt = undefined;
    }
    this.#o.onChange(this.state);
  }

  #whyNot(error: unknown): string | undefined {
    if (error instanceof BrokenCircuitError) return `is left alone after ${this.#o.policy.breaker.failures} failures`;
    if (error instanceof BulkheadRejectedError) return 'has too many calls waiting';
    if (error instanceof TaskCancelledError) return `did not answer in ${this.#o.policy.timeoutMs} ms`;
    return undefined;
  }
}

/** Options for cockatiel's `retry`: exponential backoff with jitter. */
export const triesOf = ({ attempts, initialMs, maxMs }: NonNullable<Policy['retry']>) => ({
  maxAttempts: attempts,
  backoff: new ExponentialBackoff({ initialDelay: initialMs, maxDelay: maxMs }),
});
