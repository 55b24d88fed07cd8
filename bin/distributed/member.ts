/** A process of Agora that is kept running, as an orchestrator of containers would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../platform/errors.ts';
import { dieWithParent } from '../../platform/die-with-parent.ts';

const ROOT = join(import.meta.dirname, '../..');
/** A member that ran so long is not in a crash loop. Milliseconds. */
const STEADY_MS = 30_000;
/** Backoff of a member that ends by itself. */
export interface Pace {
  /** Delay of the first restart, doubled each time up to the longest. Milliseconds. */
  soonestMs: number;
  latestMs: number;
  /** Most ends in a row, each before it is ready: one more start will not mend it. */
  limit: number;
}

const PACE: Pace = { soonestMs: 250, latestMs: 4000, limit: 10 };
/** Number of its last lines that are reported when it ends. */
const LAST_LINES = 5;
const START_MS = 120_000;
const PROBE_MS = 5000;
/** Longer than any member drains. Milliseconds. */
const STOP_MS = 30_000;

/** Options of a member. */
export interface MemberOptions {
  /** Name, as `gateway-1`, `agents-commerce`. */
  name: string;
  /** The file and its arguments. */
  command: readonly string[];
  env: Record<string, string>;
  /** The address at which it answers, read from its output once it is ready; undefined until then. */
  readyAt(output: string): string | undefined;
  /** Called with each line that it writes. */
  onLine(line: string): void;
  /** Called with each thing that happens to it. */
  report(line: string): void;
  /** @default ten times, up to four seconds apart */
  pace?: Pace;
}

/** A process that comes back when it dies, and does not outlive us. */
export class Member {
  readonly #o: MemberOptions;
  #child: ChildProcess | undefined;
  #url: string | undefined;
  #isWanted = false;
  #delay = 0;
  /** Ends in a row before it was ready. */
  #failures = 0;
  #lastWords = '';

  constructor(options: MemberOptions) {
    this.#o = options;
    this.#delay = this.#pace.soonestMs;
  }

  get #pace(): Pace {
    return this.#o.pace ?? PACE;
  }

  /** Name of the member. */
  get name(): string {
    return this.#o.name;
  }

  /** Pid of the process that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Address at which it answers, since it was ready last. */
  get url(): string | undefined {
    return this.#url;
  }

  /**
   * Starts it and waits until it is ready. @throws Fault with its output, if it is not after two minutes, or ends again
   * and again
   */
  async start(): Promise<void> {
    this.#isWanted = true;
    this.#failures = 0;
    this.#launch();
    await this.ready();
  }

  /**
   * Waits until it is ready, whichever of its processes is. @throws Fault if it is not after two minutes, or was
   * stopped
   */
  async ready(): Promise<void> {
    const deadline = performance.now() + START_MS;
    while (!(await this.isReady())) {
      if (!this.#isWanted) throw new Fault('STOPPED', `${this.name} was stopped before it was ready.`);
      const why = this.#lastWords && `\n${this.#lastWords}`;
      const { limit } = this.#pace;
      if (this.#failures >= limit) throw new Fault('NOT_READY', `${this.name} ended ${limit} times in a row:${why}`);
      if (performance.now() > deadline)
        throw new Fault('NOT_READY', `${this.name} was not ready in two minutes.${why}`);
      await sleep(50);
    }
  }

  /** Readiness, as an orchestrator probes it before it sends any request there. */
  async isReady(): Promise<boolean> {
    if (!this.#url) return false;
    const signal = AbortSignal.timeout(PROBE_MS);
    const response = await fetch(`${this.#url}/health/ready`, { signal }).catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok ?? false;
  }

  /** `kill -9`: it is started again, or stays away until `start`. Resolves when it is gone. */
  async kill({ comesBack = true }: { comesBack?: boolean } = {}): Promise<void> {
    if (!comesBack) this.#isWanted = false;
    await this.#end('SIGKILL');
  }

  /** Stops it in order; it is not started again. Returns its exit code, null if it had to be killed. */
  async stop(): Promise<number | null> {
    this.#isWanted = false;
    const child = this.#child;
    const tooLong = setTimeout(() => child?.kill('SIGKILL'), STOP_MS);
    await this.#end('SIGTERM');
    clearTimeout(tooLong);
    return child?.exitCode ?? null;
  }

  /** Stops it in order and starts it anew, as a rolling restart does. Resolves when it is ready again. */
  async restart(): Promise<number | null> {
    const code = await this.stop();
    this.#delay = this.#pace.soonestMs;
    await this.start();
    return code;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const gone = once(child, 'close');
    child.kill(signal);
    await gone;
  }

  #launch({ isBack = false } = {}): void {
    const { name, command, env, onLine, report, readyAt } = this.#o;
    const child = spawn(...dieWithParent(process.execPath, ['--no-warnings', ...command]), {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // In a process group of its own: Ctrl-C in the terminal reaches us alone, and we end all members in our order.
      detached: true,
    });
    const begun = performance.now();
    this.#child = child;
    let output = '';
    const last: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        onLine(line);
        if (line.trim() && last.push(`    ${line.slice(0, 500)}`) > LAST_LINES) last.shift();
        if (this.#url || this.#child !== child) return;
        output += `${line}\n`;
        this.#url = readyAt(output);
        if (!this.#url) return;
        this.#failures = 0;
        if (isBack) report(`${name} is back (pid ${child.pid}, ${this.#url})`);
      });
    }
    child.once('close', (code, signal) => {
      if (!this.#url && code !== null) this.#failures++;
      this.#child = this.#url = undefined;
      if (!this.#isWanted) return;
      this.#lastWords = last.join('\n');
      // A process that was ended by a signal has not written why.
      const why = code !== null && this.#lastWords ? `:\n${this.#lastWords}` : '';
      const how = `${name} ended (${signal ?? `code ${code}`})`;
      const { soonestMs, latestMs, limit } = this.#pace;
      if (this.#failures >= limit) return report(`${how} ${limit} times in a row, and is not started again${why}`);
      report(`${how} and is started again${why}`);
      this.#delay = performance.now() - begun > STEADY_MS ? soonestMs : Math.min(this.#delay * 2, latestMs);
      setTimeout(() => this.#isWanted && this.#launch({ isBack: true }), this.#delay);
    });
  }
}
