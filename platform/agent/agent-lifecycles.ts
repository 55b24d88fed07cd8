import { envelope, append } from '../events/event-log.ts';
import type { NotifierRelay } from '../events/notifier-relay.ts';
import { isTransient } from '../errors.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { EVERY_AGENT, type Breakers } from '../resilience/breakers.ts';
import type { BreakerState } from '../resilience/guard.ts';
import { sleep } from '../sleep.ts';
import { count } from '../telemetry/metrics.ts';
import { healthReported } from './agent-events.ts';
import { type DatabaseMonitor, type DatabaseStatus, reasonOf } from './database-monitor.ts';
import type { AgentDefinition } from './define-agent.ts';
import { ErrorReports, typeOf } from './error-reports.ts';
import {
  type AgentHealth,
  type DependencyHealth,
  dependencyOf,
  levelOf,
  NO_MESSAGING,
  ON_FALLBACK,
  type SharedDependency,
} from './health.ts';
import { AgentLifecycle } from './agent-lifecycle.ts';
import { byConnections, heartbeat, type Writer } from './registry.ts';
import { StatusWriter } from './status-writer.ts';

/** What the lifecycles of this process's agents are kept with. */
export interface AgentLifecyclesOptions extends Writer {
  agents: readonly AgentDefinition[];
  clock: Clock;
  log: Logger;
  breakers: Breakers;
  monitor: DatabaseMonitor;
  /** Wakes readers in other processes; absent when there are none. */
  relay?: NotifierRelay;
  /** What agents here depend on beside the database. */
  dependencies?: readonly SharedDependency[];
  /** Why the database is another than the configured one, if it is. */
  fallback?: Error;
  /** Called when something was published. */
  onPublished(): void;
}

const HEARTBEAT_MS = 10_000;
const REPORT_MS = 300_000;
/** How soon what could not be written is tried again. */
const WRITE_AGAIN_MS = 250;
const TOO_MANY_CONNECTIONS = '53300';

/** The lifecycles of all agents of this process: told by the infrastructure, kept in memory, written down when that is possible. */
export class AgentLifecycles {
  readonly #o: AgentLifecyclesOptions;
  readonly #lifecycles = new Map<string, AgentLifecycle>();
  readonly #statusWriter: StatusWriter;
  readonly #reports: ErrorReports;
  readonly #begun = performance.now();
  /** What one agent stands on by itself, by its name. */
  readonly #own = new Map<string, Map<string, DependencyHealth>>();
  #reported = 0;
  #toldOfDatabase: DatabaseStatus = 'UP';
  #wake: (() => void) | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(options: AgentLifecyclesOptions) {
    this.#o = options;
    const onWritten = options.onPublished;
    this.#statusWriter = new StatusWriter({ ...options, healthOf: (agent) => this.healthOf(agent), onWritten });
    this.#reports = new ErrorReports(options);
    for (const agent of options.agents) {
      const onChange = (change: Parameters<StatusWriter['note']>[1]): void => {
        this.#statusWriter.note(agent, change);
        this.#wake?.();
      };
      this.#lifecycles.set(agent.name, new AgentLifecycle({ clock: options.clock, onChange }));
    }
    options.breakers.onChange((breaker) => this.#breakerChanged(breaker));
    options.relay?.onChange(() => this.#stand());
    for (const dependency of options.dependencies ?? [])
      dependency.onChange(() => {
        for (const [agent, lifecycle] of this.#lifecycles)
          if (dependency.agents?.includes(agent) ?? true) this.#changed(agent, lifecycle);
      });
  }

  /** One agent's lifecycle. */
  of(agent: string): AgentLifecycle {
    return this.#lifecycles.get(agent)!;
  }

  /** Seconds since the process began. */
  get uptimeSeconds(): number {
    return Math.floor((performance.now() - this.#begun) / 1000);
  }

  /** Something of an agent went wrong: it is counted and, if it is bad, reported. */
  erred(agent: string, error: unknown, context: Record<string, string>): void {
    const type = this.#reports.report(agent, error, context);
    if (!type && isTransient(error)) return;
    this.of(agent).erred(type ?? typeOf(error));
    count('agora_agent_faults_total', { agent });
    if (type) this.#wake?.();
  }

  /** How an agent is, from memory. */
  healthOf(agent: string): AgentHealth {
    const breakers = this.#o.breakers.list(agent);
    const { count: errors, last } = this.of(agent).errors;
    return {
      dependencies: [this.database(), ...this.shared(), ...this.own(agent), ...breakers.map(dependencyOf)],
      breakers: [...this.#o.breakers.list(EVERY_AGENT).map((breaker) => ({ ...breaker, agent })), ...breakers],
      errors,
      lastError: last ? { type: last.type, at: last.at.toISOString() } : null,
    };
  }

  /** What all agents of this process depend on beside the database. */
  shared(): DependencyHealth[] {
    const { dependencies = [], fallback } = this.#o;
    const all = dependencies.filter(({ agents }) => !agents);
    return [...(fallback ? [missing(fallback)] : []), ...all.map(({ health }) => health)];
  }

  /** What this agent alone depends on, and does not call: such as the sagas' engine, or a standby to read from. */
  own(agent: string): DependencyHealth[] {
    const some = (this.#o.dependencies ?? []).filter(({ agents }) => agents?.includes(agent));
    return [...(this.#own.get(agent)?.values() ?? []), ...some.map(({ health }) => health)];
  }

  /** Something that one agent depends on is as it says from now on. While it is down the agent does without it. */
  tell(agent: string, health: DependencyHealth): void {
    const own = this.#own.get(agent) ?? new Map<string, DependencyHealth>();
    this.#own.set(agent, own);
    const before = own.get(health.name);
    own.set(health.name, health);
    if (before && before.status !== health.status) this.#changed(agent, this.of(agent));
  }

  /** The database, as all agents of this process depend on it. */
  database(): DependencyHealth {
    const { monitor } = this.#o;
    const { checkedAt: _, ...seen } = monitor.state;
    const breaker = this.#breaker;
    const { lastError = null, lastCode = null } = breaker?.state === 'CLOSED' ? {} : (breaker ?? {});
    const why = seen.status === 'UP' && lastCode ? { lastError, lastCode } : {};
    return { name: 'database', ...seen, ...why, breaker: breaker?.state ?? null, pool: monitor.pool() };
  }

  /** Writes and publishes what waits, one call after the other. @throws what the database throws; it goes on waiting */
  async write(): Promise<void> {
    this.#written = this.#written.catch(() => {}).then(() => this.#writeNow());
    await this.#written;
  }

  async #writeNow(): Promise<void> {
    await this.#statusWriter.write();
    if (await this.#reports.publish()) this.#o.onPublished();
  }

  /** Watches the infrastructure, writes, and beats as a heart does, until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#o.monitor.run(signal, () => {
        this.#tellOfDatabase();
        this.#stand();
      }),
      this.#keepWriting(signal),
      this.#every(HEARTBEAT_MS, signal, 'no heartbeat', () => this.#beat()),
      this.#every(REPORT_MS, signal, 'health is not reported', () => this.#reportHealth()),
    ]);
  }

  /** A change has a line in the log, with what to do: it may be all that an operator can still read. */
  #tellOfDatabase(): void {
    const { monitor, log } = this.#o;
    const { status, lastError } = monitor.state;
    if (status === this.#toldOfDatabase) return;
    this.#toldOfDatabase = status;
    if (status === 'UP') return log.info({ dependency: 'database' }, 'the database takes reads and writes again');
    const what = status === 'DOWN' ? 'the database is away' : 'the database takes no writes';
    log.error({ dependency: 'database', lastError, reason: reasonOf(monitor.state) }, what);
  }

  /** What the infrastructure that all agents of this process share allows. */
  get #level(): number {
    const { monitor, breakers, relay, fallback } = this.#o;
    const messaging = relay && !relay.isConnected ? NO_MESSAGING : 0;
    // It is there, and has no connection left for us: the one that looks how it is does not notice.
    const isFull = this.#breaker?.lastCode === TOO_MANY_CONNECTIONS && breakers.isMissingSomething(EVERY_AGENT);
    return Math.max(isFull ? 4 : levelOf(monitor.state), messaging, fallback ? ON_FALLBACK : 0);
  }

  get #breaker(): BreakerState | undefined {
    return this.#o.breakers.list(EVERY_AGENT).find(({ name }) => name === 'database');
  }

  #isMissingSomething(agent: string): boolean {
    const own = [...(this.#own.get(agent)?.values() ?? [])];
    return this.#o.breakers.isMissingSomething(agent) || own.some(({ status }) => status === 'DOWN');
  }

  #stand(): void {
    for (const [name, lifecycle] of this.#lifecycles) lifecycle.stands(this.#level, this.#isMissingSomething(name));
  }

  /** Something that belongs to an agent has changed: it is told, also when its status is the same. */
  #changed(agent: string, lifecycle: AgentLifecycle): void {
    const before = lifecycle.now;
    lifecycle.stands(this.#level, this.#isMissingSomething(agent));
    if (lifecycle.now === before) lifecycle.tellAgain();
  }

  #breakerChanged({ agent, name, state, lastCode }: BreakerState): void {
    const lifecycle = this.#lifecycles.get(agent);
    if (!lifecycle) return;
    this.#o.log.warn({ agent, dependency: name, state, lastCode }, 'a circuit breaker has changed');
    this.#changed(agent, lifecycle);
  }

  async #keepWriting(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const rung = new Promise<void>((resolve) => (this.#wake = resolve));
      let isWritten = true;
      if (this.#o.monitor.state.status === 'UP') {
        isWritten = await this.write().then(
          () => true,
          (error: unknown) => (
            this.#o.log.warn({ err: error }, 'the lifecycles of agents will be written later'), false
          ),
        );
      }
      const wait = sleep(WRITE_AGAIN_MS, signal);
      await (isWritten ? Promise.race([rung, wait]) : wait);
    }
  }

  async #every(ms: number, signal: AbortSignal, complaint: string, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      if (this.#o.monitor.state.status === 'UP')
        await work().catch((error: unknown) => this.#o.log.warn({ err: error }, complaint));
      await sleep(ms, signal);
    }
  }

  async #beat(): Promise<void> {
    const health = new Map([...this.#lifecycles.keys()].map((name) => [name, this.healthOf(name)]));
    // Whom another process spoke for, and perhaps does no more: telling again takes the place if it is free.
    for (const name of await heartbeat(this.#o, health, this.#o.clock.now())) this.of(name).tellAgain();
  }

  async #reportHealth(): Promise<void> {
    // Not at the start, when there is nothing to tell yet.
    if (this.uptimeSeconds * 1000 < REPORT_MS / 2) return;
    await this.report([...this.#lifecycles.keys()]);
  }

  /** Publishes how these agents are. @throws what the database throws */
  async report(agents: readonly string[]): Promise<void> {
    const memoryMb = Math.round(process.memoryUsage().rss / 1e6);
    const version = ++this.#reported;
    const events = agents.map((agentId) => {
      const lifecycle = this.of(agentId);
      const { count: errorCount, last } = lifecycle.errors;
      const facts = { agentId, ...lifecycle.now, uptimeSeconds: this.uptimeSeconds, memoryMb, errorCount };
      const payload = { ...facts, lastError: last?.type ?? null };
      const aggregateId = `${agentId}:${this.#o.process}`;
      return envelope(healthReported, { aggregateId, aggregateVersion: version, payload }, { source: agentId });
    });
    for (const [kysely, some] of byConnections(this.#o, events, ({ source }) => source))
      await kysely.transaction().execute((transaction) => append(transaction, some, this.#o.signer));
  }
}

/** The configured database, for as long as another serves instead: nobody looks whether it is back. */
const missing = ({ message }: Error): DependencyHealth => ({
  name: 'configured database',
  status: 'DOWN',
  latencyMs: null,
  breaker: null,
  lastError: message.slice(0, 500),
  lastCode: 'DATABASE_UNREACHABLE',
});
