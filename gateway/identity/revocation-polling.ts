/**
 * Polls identity for ended sessions and revoked keys, every few seconds. What is heard earlier goes to the same
 * `Revocations`.
 */
import type { Revocations } from './revocations.ts';
import { Unavailable } from '../../platform/errors.ts';
import type { SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import { serviceActor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/log.ts';
import { sleep } from '../../platform/sleep.ts';
import {
  revokedSessions,
  type RevokedSessionsQuery,
  type RevokedSessionsQueryVariables,
} from '../commands/identity.generated.ts';

/** Options of the polling. */
export interface RevocationPollingOptions {
  revocations: Revocations;
  identity: Pick<SubgraphEndpoint, 'execute'>;
  /** Lifetime of an access token: sessions that ended before that do not matter. */
  tokenSeconds: number;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Polling interval, in milliseconds. @default 3000 */
  everyMs?: number;
  /** How long identity may take for one page, in milliseconds. @default 10000 */
  timeoutMs?: number;
}

/** Polling interval, in milliseconds. */
const EVERY_MS = 3000;
/** How long identity may take for one page, in milliseconds: an answer that never comes must not end the polling. */
const TIMEOUT_MS = 10_000;
/**
 * How far each poll reaches back before the last answer: clocks differ, and a transaction may have been under way.
 * Milliseconds.
 */
const OVERLAP_MS = 60_000;

/** Whether the revocations are up to date, and when they last were. */
export interface RevocationState {
  status: 'UP' | 'DOWN' | 'UNKNOWN';
  asOf: Date | null;
}

/** Polls identity. While it is away, the known revocations stay: a token's signature and its age still count. */
export class RevocationPolling {
  readonly #o: Required<RevocationPollingOptions>;
  #state: RevocationState = { status: 'UNKNOWN', asOf: null };

  constructor(options: RevocationPollingOptions) {
    this.#o = { everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS, ...options };
  }

  get state(): RevocationState {
    return this.#state;
  }

  /** Polls from now on. Returns a function that stops it. */
  start(): () => Promise<void> {
    const ending = new AbortController();
    const running = this.#run(ending.signal);
    return () => {
      ending.abort();
      return running;
    };
  }

  /** Heeds all that was ended since the last time. @throws Unavailable if identity does not answer */
  async read(signal?: AbortSignal): Promise<void> {
    const { revocations, tokenSeconds } = this.#o;
    const now = new Date();
    const { asOf } = this.#state;
    const since = new Date(asOf ? asOf.getTime() - OVERLAP_MS : now.getTime() - tokenSeconds * 1000);
    await heedSince(revocations, since, (page) => this.#revoked(page, signal));
    this.#state = { status: 'UP', asOf: now };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look(signal);
      await sleep(this.#o.everyMs, signal);
    }
  }

  /** Polls once. Throws nothing. */
  async #look(signal: AbortSignal): Promise<void> {
    const { log } = this.#o;
    const { asOf, status } = this.#state;
    try {
      await this.read(signal);
      if (status === 'DOWN') log.info({}, 'ended sessions are known again');
    } catch (error) {
      if (signal.aborted) return;
      if (status !== 'DOWN')
        log.warn({ err: error }, 'identity does not tell of ended sessions: their tokens pass until it does');
      this.#state = { status: 'DOWN', asOf };
    }
  }

  async #revoked(page: RevokedSessionsQueryVariables, ending?: AbortSignal): Promise<readonly string[]> {
    const timeout = AbortSignal.timeout(this.#o.timeoutMs);
    const signal = ending ? AbortSignal.any([ending, timeout]) : timeout;
    const request = { query: revokedSessions.document, variables: { ...page } };
    const context = { actor: serviceActor('gateway'), correlationId: newId('req'), signal };
    const { data, errors } = await this.#o.identity.execute(request, context);
    const revoked = (data as RevokedSessionsQuery | null | undefined)?.revokedSessions;
    if (!revoked) throw new Unavailable('Identity does not tell of ended sessions.', { cause: errors?.[0] });
    return revoked;
  }
}

/** Heeds all revocations since then, page by page: in a large shop a thousand sign out in minutes. */
export async function heedSince(
  revocations: Revocations,
  since: Date,
  page: (variables: RevokedSessionsQueryVariables) => Promise<readonly string[]>,
): Promise<void> {
  let after: string | undefined;
  do {
    const ids = await page({ since: since.toISOString(), after });
    for (const id of ids) revocations.revoke(id);
    after = ids.at(-1);
  } while (after !== undefined);
}
