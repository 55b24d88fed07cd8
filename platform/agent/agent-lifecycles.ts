import { envelope, append } from '../events/event-log.ts';
import type { NotifierRelay } from '../events/notifier-relay.ts';
import { isTransient } from '../errors.ts';
import { Bell } from '../bell.ts';
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

/** Options for the lifecycles of this process's agents. */
export interface AgentLifecyclesOptions extends Writer {
  agents: readonly AgentDefinition[];
  clock: Clock;
  log: Logger;
  breakers: Breakers;
  monitor: DatabaseMonitor;
  /** Wakes readers in other processes; absent when there are none. */
  relay?: NotifierRelay;
  /** Dependencies of the agents here beside the database. */
  dependencies?: readonly SharedDependency[];
  /** The error of the configured database, if a fallback serves instead. */
  fallback?: Error;
  /** Called when something was published. */
  onPublished(): void;
}

const HEARTBEAT_MS = 10_000;
const REPORT_MS = 300_000;
/** Milliseconds before a failed write is retried. */
const WRITE_AGAIN_MS = 250;
const TOO_MANY_CONNECTIONS = '53300';

/** The lifecycles of all agents of this process: kept in memory, recorded in the registry when the database allows. */
export class AgentLifecycles {
  readonly #o: AgentLifecyclesOptions;
  readonly #lifecycles = new Map<string, AgentLifecycle>();
  readonly #statusWriter: StatusWriter;
  readonly #reports: ErrorReports;
  readonly #begun = performance.now();
  /** Dependencies of single agents, by the agent's name. */
  readonly #own = new Map<string, Map<string, DependencyHealth>>();
  #reported = 0;
  #toldOfDatabase: DatabaseStatus = 'UP';
  readonly #bell = new Bell();
  #written: Promise<void> = Promise.resolve();

  constructor(options: AgentLifecyclesOptions) {
    this.#o = options;
    const onWritten = options.onPublished;
    this.#statusWriter = new StatusWriter({ ...options, healthOf: (agent) => this.healthOf(agent), onWritten });
    this.#reports = new ErrorReports(options);
    for (const agent of options.agents) {
      const onChange = (change: Parameters<StatusWriter['note']>[1]): void => {
        this.#statusWriter.note(agent, change);
        this.#bell.ring();
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

  /** Counts an error of an agent, and reports it if it is severe. */
  erred(agent: string, error: unknown, context: Record<string, string>): void {
    const type = this.#reports.report(agent, error, context);
    if (!type && isTransient(error)) return;
    this.of(agent).erred(type ?? typeOf(error));
    count('agora_agent_faults_total', { agent });
    if (type) this.#bell.ring();
  }

  /** An agent's health, from memory. */
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

  /** Health of the dependencies that all agents of this process share, beside the database. */
  shared(): DependencyHealth[] {
    const { dependencies = [], fallback } = this.#o;
    const all = dependencies.filter(({ agents }) => !agents);
    return [...(fallback ? [missing(fallback)] : []), ...all.map(({ health }) => health)];
  }

  /** Health of dependencies of this agent alone that it does not call: the sagas' engine, or a read replica. */
  own(agent: string): DependencyHealth[] {
    const some = (this.#o.dependencies ?? []).filter(({ agents }) => agents?.includes(agent));
    return [...(this.#own.get(agent)?.values() ?? []), ...some.map(({ health }) => health)];
  }

  /** Sets the health of a dependency of one agent, which does without it while it is down. */
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

  /** Writes and publishes queued changes, one call after the other. @throws the database's error; the queue is kept */
  async write(): Promise<void> {
    this.#written = this.#written.catch(() => {}).then(() => this.#writeNow());
    await this.#written;
  }

  async #writeNow(): Promise<void> {
    await this.#statusWriter.write();
    if (await this.#reports.publish()) this.#o.onPublished();
  }

  /** Watches the infrastructure, writes changes and sends heartbeats until aborted. */
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

  /** Logs each change of the database's status, and what to do: it may be all that an operator can still read. */
  #tellOfDatabase(): void {
    const { monitor, log } = this.#o;
    const { status, lastError } = monitor.state;
    if (status === this.#toldOfDatabase) return;
    this.#toldOfDatabase = status;
    if (status === 'UP') return log.info({ dependency: 'database' }, 'the database takes reads and writes again');
    const what = status === 'DOWN' ? 'the database is away' : 'the database takes no writes';
    log.error({ dependency: 'database', lastError, reason: reasonOf(monitor.state) }, what);
  }

  /** Degradation level of the infrastructure that all agents of this process share. */
  get #level(): number {
    const { monitor, breakers, relay, fallback } = this.#o;
    const messaging = relay && !relay.isConnected ? NO_MESSAGING : 0;
    // A database that is out of connections is up for the monitor, which has a connection of its own.
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

  /** Reports an agent anew after something that belongs to it has changed, also when its status is the same. */
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
      this.#bell.silence();
      let isWritten = true;
      if (this.#o.monitor.state.status === 'UP') {
        isWritten = await this.write().then(
          () => true,
          (error: unknown) => (
            this.#o.log.warn({ err: error }, 'the lifecycles of agents will be written later'), false
          ),
        );
      }
      await (isWritten ? this.#bell.wait(signal, WRITE_AGAIN_MS) : sleep(WRITE_AGAIN_MS, signal));
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
    // Another process speaks for these agents, or did: telling again takes the place if it is free.
    for (const name of await heartbeat(this.#o, health, this.#o.clock.now())) this.of(name).tellAgain();
  }

  async #reportHealth(): Promise<void> {
    // Not at the start, when there is nothing to tell yet.
    if (this.uptimeSeconds * 1000 < REPORT_MS / 2) return;
    await this.report([...this.#lifecycles.keys()]);
  }

  /** Publishes a health report of each of these agents. @throws the database's error */
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

/** The configured database while a fallback serves instead: its health is not checked again. */
const missing = ({ message }: Error): DependencyHealth => ({
  name: 'configured database',
  status: 'DOWN',
  latencyMs: null,
  breaker: null,
  lastError: message.slice(0, 500),
  lastCode: 'DATABASE_UNREACHABLE',
});
