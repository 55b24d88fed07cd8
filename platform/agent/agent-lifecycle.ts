import type { Clock } from '../clock.ts';
import type { AgentStatus } from './agent-events.ts';
import type { StatusChange } from './registry.ts';

/** Degradation level of an agent that goes on without one of its dependencies. */
const ISOLATED = 2;
const FAILED = 4;

/** Options of an agent's lifecycle. */
export interface AgentLifecycleOptions {
  clock: Clock;
  /** Called at each change. */
  onChange(change: StatusChange): void;
}

/**
 * State machine of one agent's lifecycle, in memory: reports on the agent's parts and on the infrastructure decide its
 * status. The database only records it, so the status is right also while the database is away.
 */
export class AgentLifecycle {
  readonly #o: AgentLifecycleOptions;
  #phase: 'STARTING' | 'SERVING' | 'STOPPING' | 'STOPPED' | undefined;
  /** The parts that failed again and again. */
  readonly #broken = new Set<string>();
  #groundLevel = 0;
  #isIsolated = false;
  #shown: { status: AgentStatus; degradation: number } = { status: 'STOPPED', degradation: 0 };
  #errors = 0;
  #lastError: { type: string; at: Date } | undefined;

  constructor(options: AgentLifecycleOptions) {
    this.#o = options;
  }

  /** Status and degradation as last reported to `onChange`. */
  get now(): { status: AgentStatus; degradation: number } {
    return this.#shown;
  }

  /** Failures since the process began, and the last one's type. */
  get errors(): { count: number; last: { type: string; at: Date } | undefined } {
    return { count: this.#errors, last: this.#lastError };
  }

  /** The agent is being built. */
  starting(): void {
    this.#phase = 'STARTING';
    this.#look();
  }

  /** The agent serves from now on. */
  started(): void {
    this.#phase = 'SERVING';
    this.#look('started');
  }

  /** The agent drains: it ends the work in hand. */
  stopping(): void {
    this.#phase = 'STOPPING';
    this.#look();
  }

  /** The agent has ended. */
  stopped(reason: string): void {
    this.#phase = 'STOPPED';
    this.#look(reason);
  }

  /** Counts an error that the agent may recover from. */
  erred(type: string): void {
    this.#errors++;
    this.#lastError = { type, at: this.#o.clock.now() };
  }

  /** A part failed again and again: the agent has FAILED until that part works again. */
  broken(part: string): void {
    this.#broken.add(part);
    this.#look();
  }

  /** The part works again. */
  mended(part: string): void {
    if (this.#broken.delete(part)) this.#look();
  }

  /** Takes the degradation level of the shared infrastructure, and whether this agent lacks one of its dependencies. */
  stands(groundLevel: number, isIsolated: boolean): void {
    this.#groundLevel = groundLevel;
    this.#isIsolated = isIsolated;
    this.#look();
  }

  /** Reports the status once more, unchanged, because something that belongs to it has changed. */
  tellAgain(): void {
    if (this.#phase) this.#o.onChange({ ...this.#shown, at: this.#o.clock.now() });
  }

  #look(reason?: string): void {
    const next = this.#state();
    if (next.status === this.#shown.status && next.degradation === this.#shown.degradation) return;
    this.#shown = next;
    this.#o.onChange({ ...next, at: this.#o.clock.now(), reason });
  }

  #state(): { status: AgentStatus; degradation: number } {
    if (this.#phase === undefined) return this.#shown;
    if (this.#phase !== 'SERVING') {
      const isBroken = this.#phase === 'STARTING' && this.#broken.size > 0;
      return isBroken ? { status: 'FAILED', degradation: FAILED } : { status: this.#phase, degradation: 0 };
    }
    if (this.#broken.size > 0) return { status: 'FAILED', degradation: FAILED };
    const degradation = Math.max(this.#groundLevel, this.#isIsolated ? ISOLATED : 0);
    return { status: degradation > 0 ? 'DEGRADED' : 'RUNNING', degradation };
  }
}
