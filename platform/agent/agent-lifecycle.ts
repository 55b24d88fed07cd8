import type { Clock } from '../clock.ts';
import type { AgentStatus } from './agent-events.ts';
import type { StatusChange } from './registry.ts';

/** How much does not work, when something that an agent asks is left alone: it goes on without it. */
const ISOLATED = 2;
const FAILED = 4;

/** What an agent's lifecycle tells of its changes. */
export interface AgentLifecycleOptions {
  clock: Clock;
  /** Called at each change. */
  onChange(change: StatusChange): void;
}

/**
 * One agent's lifecycle, kept in memory: what it is told of the agent's parts and of the infrastructure decides its status. The
 * database is only where it is written down, so it is right also while the database is away.
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

  /** Where it is, as it was last told. */
  get now(): { status: AgentStatus; degradation: number } {
    return this.#shown;
  }

  /** Failures since the process began, and the last one's type. */
  get errors(): { count: number; last: { type: string; at: Date } | undefined } {
    return { count: this.#errors, last: this.#lastError };
  }

  /** It is being built. */
  starting(): void {
    this.#phase = 'STARTING';
    this.#look();
  }

  /** It serves from now on. */
  started(): void {
    this.#phase = 'SERVING';
    this.#look('started');
  }

  /** It ends the work in hand. */
  stopping(): void {
    this.#phase = 'STOPPING';
    this.#look();
  }

  /** It has ended. */
  stopped(reason: string): void {
    this.#phase = 'STOPPED';
    this.#look(reason);
  }

  /** Something went wrong, which it may get over. */
  erred(type: string): void {
    this.#errors++;
    this.#lastError = { type, at: this.#o.clock.now() };
  }

  /** A part of it failed again and again: the agent has failed, until that part works again. */
  broken(part: string): void {
    this.#broken.add(part);
    this.#look();
  }

  /** The part works again. */
  mended(part: string): void {
    if (this.#broken.delete(part)) this.#look();
  }

  /** What the infrastructure that all agents share allows, and whether something that the agent asks is left alone. */
  stands(groundLevel: number, isIsolated: boolean): void {
    this.#groundLevel = groundLevel;
    this.#isIsolated = isIsolated;
    this.#look();
  }

  /** Tells of its state once more: something that belongs to it has changed. */
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
