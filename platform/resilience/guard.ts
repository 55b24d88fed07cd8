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

/** Whether calls are let through: all, none, or the next one as a probe. */
export type CircuitStatus = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

/** A guard as an operator sees it. */
export interface BreakerState {
  /** Whose it is. */
  agent: string;
  /** What it guards: `database`, `agent:inventory`, `payment provider`. */
  name: string;
  state: CircuitStatus;
  /** In a row, up to now. */
  failures: number;
  /** Of the last failure there was, also when calls have worked since. */
  lastError: string | null;
  /** The code of that error, which holds nothing private. */
  lastCode: string | null;
  openedAt: Date | null;
  /** Of the last call that was answered, in milliseconds. */
  latencyMs: number | null;
}

/** What a guard is made with. */
export interface GuardOptions {
  agent: string;
  name: string;
  policy: Policy;
  clock: Clock;
  /** Whether an error means that the dependency is ill. A refusal is an answer, and so not. @default every error */
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
   * @throws Unavailable at once while the circuit is open or too many wait, and at the timeout; else what `work` throws
   */
  async execute<T>(work: (signal: AbortSignal) => PromiseLike<T> | T, signal?: AbortSignal): Promise<T> {
    try {
      // The caller's own signal stays outside the timeout's: a caller who leaves says nothing about the dependency.
      return await this.#policy.execute(({ signal: own }) => work(signal ? AbortSignal.any([signal, own]) : own));
    } catch (error) {
      const said = this.#whyNot(error);
      throw said ? new Unavailable(`${this.#o.name} (asked by ${this.#o.agent}) ${said}`, { cause: error }) : error;
    }
  }

  /** As it is now. */
  get state(): BreakerState {
    const { agent, name, policy } = this.#o;
    const isDue = performance.now() - this.#opened >= policy.breaker.openMs;
    const status = STATUS[this.#circuit.state];
    const code = (this.#lastError as { code?: unknown } | undefined)?.code;
    return {
      agent,
      name,
      // Nobody has called since it was due: the next call is the probe.
      state: status === 'OPEN' && isDue ? 'HALF_OPEN' : status,
      failures: this.#count.state,
      lastError: this.#lastError?.message.slice(0, 500) ?? null,
      lastCode: this.#lastError ? (typeof code === 'string' ? code : this.#lastError.name) : null,
      openedAt: this.#openedAt ?? null,
      latencyMs: this.#latencyMs ?? null,
    };
  }

  /** Whether its agent must do without. A circuit that nobody has probed for long says nothing about today any more. */
  get isMissing(): boolean {
    const { policy } = this.#o;
    return this.#circuit.state !== CircuitState.Closed && performance.now() - this.#opened < 2 * policy.breaker.openMs;
  }

  /** Closes the circuit: an operator knows that the dependency is well again. */
  reset(): void {
    this.#count.success(CircuitState.HalfOpen);
    // Held open and let go, which closes it: what cockatiel has for this.
    if (this.#circuit.state !== CircuitState.Closed) this.#circuit.isolate().dispose();
  }

  #changed(): void {
    // On the way of a reset: held for a moment, and let go.
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

/** How often something is tried again, for cockatiel's `retry`: exponential backoff with jitter. */
export const triesOf = ({ attempts, initialMs, maxMs }: NonNullable<Policy['retry']>) => ({
  maxAttempts: attempts,
  backoff: new ExponentialBackoff({ initialDelay: initialMs, maxDelay: maxMs }),
});
