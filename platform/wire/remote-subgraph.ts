/** An agent's subgraph in other processes, asked over HTTP. Its errors name the agent and no address. */
import type { IncomingMessage } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { Replica } from '../agent/replicas.ts';
import { Fault, Unavailable } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import type { SubgraphEndpoint, SubgraphRequest } from '../graphql/subgraph.ts';
import type { Logger } from '../log.ts';
import { traced, traceHeaders } from '../telemetry/tracing.ts';
import { withDeadline } from './deadline.ts';
import { eventStream } from './event-stream.ts';
import { REFUSED_HEADER } from './refused-header.ts';
import type { RequestSigner } from './signed-request.ts';
import { NoAnswer, onlyReads, textOf, type Transport } from './transport.ts';
import { fromWire, isResult, type WireResult } from './wire-error.ts';

/** Options of a remote subgraph. */
export interface RemoteOptions {
  /** The agent's name. */
  name: string;
  /** Its current replicas. */
  replicas(): readonly Replica[];
  /** Reads the directory now: called when it has no replica, or none answers. @default nothing */
  look?(): Promise<void>;
  signer: RequestSigner;
  transport: Transport;
  log: Pick<Logger, 'warn'>;
  /** Timeout of a request, all attempts together, in milliseconds. @default 30000 */
  timeoutMs?: number;
}

/** Default timeout, as long as that of the most patient caller, the gateway's client. */
const TIMEOUT_MS = 30_000;
/** Largest answer, in bytes. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** Milliseconds for which a replica without an answer is asked after the others: until its lease has run out. */
const AVOID_MS = 10_000;

type Reading<T> = (response: IncomingMessage, signal: AbortSignal) => Promise<T>;

/**
 * One agent behind HTTP, load-balanced round-robin over its replicas. A replica that cannot be connected to is passed
 * over for the next one; a request that was sent and got no answer is retried once, on another replica, if it only
 * reads. A mutation is not: the caller has the idempotency key, and decides.
 */
export class RemoteSubgraph implements SubgraphEndpoint {
  readonly name: string;
  readonly #o: RemoteOptions;
  readonly #avoided = new Map<string, number>();
  #turn = 0;

  constructor(options: RemoteOptions) {
    this.name = options.name;
    this.#o = options;
  }

  /** @throws Unavailable if no answer came @throws Fault if it is invalid @throws the reason of the context's signal */
  execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult> {
    return traced(
      `ask ${this.name}`,
      () => ({ kind: 'client', attributes: { 'agora.agent': this.name } }),
      () =>
        this.#inTime(context.signal, (signal) =>
          this.#ask(request, context, { signal, accept: 'application/json' }, (response) =>
            this.#result(response, signal),
          ),
        ),
    );
  }

  /** @throws as `execute`; so does the iteration when the connection breaks off */
  async subscribe(
    request: SubgraphRequest,
    context: RequestContext,
  ): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
    const closing = new AbortController();
    const accept = 'application/json, text/event-stream';
    const opening = { accept, signal: closing.signal, isStream: true };
    return this.#inTime(context.signal, (signal) => {
      const abort = (): void => closing.abort(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      return this.#ask(request, context, opening, async (response) => {
        signal.removeEventListener('abort', abort);
        if (!/^text\/event-stream\b/.test(response.headers['content-type'] ?? ''))
          return this.#result(response, signal);
        return this.#events(response, context.signal);
      });
    });
  }

  #events(response: IncomingMessage, signal: AbortSignal | undefined): AsyncIterableIterator<ExecutionResult> {
    const texts = eventStream(response, () => this.#unavailable());
    const abort = (): void => void texts.return!();
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    response.once('close', () => signal?.removeEventListener('abort', abort));
    const results: AsyncIterableIterator<ExecutionResult> = {
      next: async () => {
        const { value, done } = await texts.next();
        return done ? { done: true, value: undefined } : { done: false, value: this.#parsed(value) };
      },
      return: async () => {
        await texts.return!();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => results,
    };
    return results;
  }

  #inTime<T>(outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ms = this.#o.timeoutMs ?? TIMEOUT_MS;
    const late = (): Error => new Unavailable(`The agent ${this.name} did not answer in ${ms} ms.`);
    return withDeadline(ms, outer, late, work);
  }

  async #ask<T>(
    request: SubgraphRequest,
    context: RequestContext,
    how: { signal: AbortSignal; accept: string; isStream?: boolean },
    read: Reading<T>,
  ): Promise<T> {
    const { query, operationName, variables } = request;
    const body = Buffer.from(JSON.stringify({ query, operationName, variables }));
    let repetitions = onlyReads(query) ? 1 : 0;
    for await (const replica of this.#candidates()) {
      try {
        return await this.#try(replica, body, context, how, read);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        this.#avoided.set(replica.process, performance.now() + AVOID_MS);
        const { wasSent, cause } = error;
        const fields = { err: cause, agent: this.name, process: replica.process, wasSent };
        this.#o.log.warn({ ...fields, correlationId: context.correlationId }, 'an agent gave no answer');
        if (wasSent && repetitions-- <= 0) break;
      }
    }
    throw this.#unavailable();
  }

  async #try<T>(
    { url, process }: Replica,
    body: Buffer,
    { actor, correlationId, client, mayLag }: RequestContext,
    { accept, ...how }: { signal: AbortSignal; accept: string; isStream?: boolean },
    read: Reading<T>,
  ): Promise<T> {
    const path = new URL(url).pathname;
    const signed = this.#o.signer.sign({
      method: 'POST',
      path,
      body,
      to: process,
      actor,
      correlationId,
      client,
      mayLag,
    });
    const headers = { ...signed, ...traceHeaders(), accept, 'content-type': 'application/json' };
    const response = await this.#o.transport.post({ url, headers, body, ...how });
    const refused = response.headers[REFUSED_HEADER];
    if (refused === undefined) return read(response, how.signal);
    response.resume();
    if (response.statusCode === 413)
      throw new Fault('REQUEST_TOO_LARGE', `The request is larger than the agent ${this.name} takes.`);
    // Refused before any effect.
    throw new NoAnswer(new Error(`${this.name} refused the request: ${String(refused)}`), false);
  }

  async #result(response: IncomingMessage, signal: AbortSignal): Promise<ExecutionResult> {
    return this.#parsed(await textOf(response, MAX_ANSWER, signal));
  }

  #parsed(text: string): ExecutionResult {
    let result: unknown;
    try {
      result = JSON.parse(text);
    } catch (error) {
      throw new NoAnswer(error, true);
    }
    if (!isResult(result)) throw new NoAnswer(new Error('The answer is not one of GraphQL.'), true);
    return fromWire(this.name, result as WireResult);
  }

  /** The known replicas, and, if none of them could be asked, new ones that have come meanwhile. */
  async *#candidates(): AsyncGenerator<Replica> {
    if (this.#o.replicas().length === 0) await this.#look();
    const known = this.#inTurn();
    yield* known;
    await this.#look();
    yield* this.#o.replicas().filter(({ process }) => known.every((one) => one.process !== process));
  }

  /** Reads the directory anew; a failure of that does not matter to the caller. */
  async #look(): Promise<void> {
    await this.#o.look?.().catch(() => {});
  }

  /** The replicas round-robin; those that gave no answer lately come last. A single one is asked twice. */
  #inTurn(): Replica[] {
    const replicas = this.#o.replicas();
    if (replicas.length === 0) throw new Unavailable(`The agent ${this.name} is not there.`);
    if (replicas.length === 1) return [replicas[0]!, replicas[0]!];
    const first = this.#turn++ % replicas.length;
    const order = [...replicas.slice(first), ...replicas.slice(0, first)];
    if (this.#avoided.size === 0) return order;
    const now = performance.now();
    for (const [process, until] of this.#avoided) if (until < now) this.#avoided.delete(process);
    return [
      ...order.filter(({ process }) => !this.#avoided.has(process)),
      ...order.filter(({ process }) => this.#avoided.has(process)),
    ];
  }

  #unavailable(): Unavailable {
    return new Unavailable(`The agent ${this.name} did not answer.`);
  }
}
