/**
 * What a gateway elsewhere must know of ended sessions: it asks identity at its start and again every few seconds.
 * Whoever hears of one earlier says so to the same `Revocations`.
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
import { heedSince } from './load-revocations.ts';

/** What it stands on. */
export interface RevocationPollingOptions {
  revocations: Revocations;
  identity: Pick<SubgraphEndpoint, 'execute'>;
  /** How long an access token is good: ended sessions from before that do not matter. */
  tokenSeconds: number;
  log: Pick<Logger, 'info' | 'warn'>;
}

/** How often it asks, in milliseconds. */
const EVERY_MS = 3000;
/** It asks again for so long before the last answer: clocks differ, and a transaction may have been under way. Milliseconds. */
const OVERLAP_MS = 60_000;

/** Whether what is known of ended sessions is up to date, and when it last was. */
export interface RevocationState {
  status: 'UP' | 'DOWN' | 'UNKNOWN';
  asOf: Date | null;
}

/** Asks again and again. While identity is away, what is known stays: a signature and its age still count. */
export class RevocationPolling {
  readonly #o: RevocationPollingOptions;
  #state: RevocationState = { status: 'UNKNOWN', asOf: null };

  constructor(options: RevocationPollingOptions) {
    this.#o = options;
  }

  get state(): RevocationState {
    return this.#state;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      await sleep(EVERY_MS, signal);
    }
  }

  /** Asks once. Throws nothing. */
  async look(signal?: AbortSignal): Promise<void> {
    const { revocations, tokenSeconds, log } = this.#o;
    const now = new Date();
    const { asOf, status } = this.#state;
    const since = new Date(asOf ? asOf.getTime() - OVERLAP_MS : now.getTime() - tokenSeconds * 1000);
    try {
      await heedSince(revocations, since, (page) => this.#revoked(page, signal));
      if (status === 'DOWN') log.info({}, 'ended sessions are known again');
      this.#state = { status: 'UP', asOf: now };
    } catch (error) {
      if (signal?.aborted) return;
      if (status !== 'DOWN')
        log.warn({ err: error }, 'identity does not tell of ended sessions: their tokens pass until it does');
      this.#state = { status: 'DOWN', asOf };
    }
  }

  async #revoked(page: RevokedSessionsQueryVariables, signal?: AbortSignal): Promise<readonly string[]> {
    const request = { query: revokedSessions.document, variables: { ...page } };
    const context = { actor: serviceActor('gateway'), correlationId: newId('req'), signal };
    const { data, errors } = await this.#o.identity.execute(request, context);
    const revoked = (data as RevokedSessionsQuery | null | undefined)?.revokedSessions;
    if (!revoked) throw new Unavailable('Identity does not tell of ended sessions.', { cause: errors?.[0] });
    return revoked;
  }
}
