/**
 * Places of what clients hold open, by the address that they come from: each costs a connection and memory, for as long
 * as the client likes. The address is the client's also behind our proxies, so that clients behind one do not take each
 * other's places; a connection whose request has not told it yet is not counted, and bounded by its timeout alone.
 */
import type { ServerResponse } from 'node:http';
import type { Client } from '../../platform/graphql/context.ts';
import type { Limits } from './limits.ts';
import { OpenPerAddress } from './open-per-address.ts';
import { placeOf } from './rates.ts';

/** Places of a gateway. */
export class Places {
  /** Requests under way, from their head to the end of their answer. */
  readonly requests: OpenPerAddress;
  /** Open streams: WebSockets, and subscriptions by server-sent events. */
  readonly streams: OpenPerAddress;

  constructor({ requestsPerAddress, streamsPerAddress }: Pick<Limits, 'requestsPerAddress' | 'streamsPerAddress'>) {
    this.requests = new OpenPerAddress(requestsPerAddress);
    this.streams = new OpenPerAddress(streamsPerAddress);
  }

  /** Takes a place for a request, until its answer has ended or its client has gone; undefined if there is none left. */
  take(client: Client, response: ServerResponse): RequestPlace | undefined {
    const address = placeOf({ client });
    const leave = this.requests.open(address);
    return leave && new RequestPlace(leave, () => this.streams.open(address), response);
  }
}

/** The place of one request. */
export class RequestPlace {
  readonly #openStream: () => (() => void) | undefined;
  #leave: (() => void) | undefined;

  constructor(leave: () => void, openStream: () => (() => void) | undefined, response: ServerResponse) {
    this.#leave = leave;
    this.#openStream = openStream;
    response.once('close', () => {
      this.#leave?.();
      this.#leave = undefined;
    });
  }

  /** Takes a place among the streams instead, for a subscription. False if there is none left. */
  becomeStream(): boolean {
    if (!this.#leave) return true; // Its client has gone, and the stream with it.
    const closed = this.#openStream();
    if (!closed) return false;
    this.#leave();
    this.#leave = closed;
    return true;
  }
}
