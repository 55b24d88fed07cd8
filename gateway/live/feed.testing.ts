/** For tests: a gateway over a subgraph with a log of its own, whose events have cursors. */
import { GraphQLError, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { createSubgraph, type Subgraph } from '../../platform/graphql/subgraph.ts';
import { Actor } from '../../platform/identity/actor.ts';
import { startGateway } from '../gateway.testing.ts';
import type { Identity } from '../identity/session.ts';

/** A log, and levers to hold its readers back. */
export class Feed {
  /** Event n is at n - 1. */
  readonly log: { text: string }[] = [];
  /** How often each event was executed, by its number. */
  readonly executed: number[] = [];
  /** Actor and cursor of each source that was opened. */
  readonly opened: { actor: string; after: string | null }[] = [];
  /** Sources that are open. */
  open = 0;
  /** Whether every cursor has expired. */
  hasExpired = false;
  /** Delay of a reader before each event, to mix up the order in which readers read. */
  delay: () => Promise<void> = async () => {};
  readonly #wakings = new Set<() => void>();

  /** Appends events. */
  append(count = 1, text = 'x'): void {
    for (let n = 0; n < count; n++) this.log.push({ text });
    for (const wake of this.#wakings) wake();
  }

  /** Reads from behind a number on, without end. */
  read(from: number): AsyncIterableIterator<{ n: number; text: string }> {
    let at = from;
    let isOver = false;
    let wake = (): void => {};
    const onAppend = (): void => wake();
    this.#wakings.add(onAppend);
    this.open += 1;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      this.open -= 1;
      this.#wakings.delete(onAppend);
      wake();
    };
    const iterator: AsyncIterableIterator<{ n: number; text: string }> = {
      next: async () => {
        while (!isOver && at >= this.log.length) await new Promise<void>((resolve) => (wake = resolve));
        await this.delay();
        if (isOver) return { done: true, value: undefined };
        at += 1;
        return { done: false, value: { n: at, text: this.log[at - 1]!.text } };
      },
      return: async () => {
        end();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

/** The part of a feed in the graph. */
export const FEED_SDL = `
  scalar JSON
  type Query { ping: Int @public unspeakable: JSON @public }
  type Subscription {
    happened(after: String, room: String): Happening! @authenticated
    posted(after: String, room: String): Posting! @requiresScopes(scopes: [["news:read"]]) @sameForAll
    throwing: Happening @public
    throwingLater: Happening @public
  }
  type Happening @public {
    cursor: String!
    n: Int!
    text: String!
    viewer: String
    secret: Int @requiresScopes(scopes: [["order:read"]])
  }
  type Posting @requiresScopes(scopes: [["news:read"]]) @sameForAll { cursor: String! n: Int! text: String! author: Author }
  type Author @public { name: String }
`;

/** The subgraph of a feed. */
export const feedSubgraph = (feed: Feed): Subgraph =>
  createSubgraph('feed', parse(LINKS + FEED_SDL), feedResolvers(feed));

/** The resolvers of a feed. */
export function feedResolvers(feed: Feed): object {
  const subscribe = (field: string) => ({
    subscribe: (_: unknown, { after }: { after?: string | null }, { actor }: RequestContext) => {
      feed.opened.push({ actor: actor.id, after: after ?? null });
      if (feed.hasExpired) throw new GraphQLError('It has expired.', { extensions: { code: 'CURSOR_EXPIRED' } });
      const events = feed.read(after == null ? feed.log.length : Number(after.slice(1)));
      const mapped = {
        next: async () => {
          const { value, done } = await events.next();
          return done ? { done, value: undefined } : { done: false, value: { [field]: value } };
        },
        return: () => events.return!(),
        [Symbol.asyncIterator]: () => mapped,
      };
      return mapped;
    },
  });
  const event = {
    cursor: ({ n }: { n: number }) => `c${n}`,
    n: ({ n }: { n: number }) => {
      feed.executed[n] = (feed.executed[n] ?? 0) + 1;
      return n;
    },
  };
  return {
    Query: { ping: () => 1, unspeakable: () => 1n },
    Subscription: {
      happened: subscribe('happened'),
      posted: subscribe('posted'),
      throwing: {
        subscribe: () => {
          throw new TypeError('secret of the database');
        },
      },
      throwingLater: {
        async *subscribe() {
          await Promise.resolve();
          yield* [];
          throw new TypeError('secret of the database');
        },
      },
    },
    Happening: {
      ...event,
      viewer: (_: unknown, __: unknown, { actor }: RequestContext) => actor.id,
      secret: () => 7,
    },
    Posting: { ...event, author: (_: unknown, __: unknown, { actor }: RequestContext) => ({ name: actor.id }) },
  };
}

/** Users that tests sign in: `Bearer <id> [scope…]`. Revoked sessions and expiries by id. */
export class People {
  readonly revoked = new Set<string>();
  /** Those whose tokens have expired. */
  readonly expired = new Set<string>();

  authenticate = async (authorization: string | undefined): Promise<Identity> => {
    const [, id = 'nobody', ...scopes] = (authorization ?? '').split(' ');
    const actor = new Actor({ id, roles: [], scopes });
    const { expired, revoked } = this;
    return {
      actor,
      get expiresAt() {
        return new Date(Date.now() + (expired.has(id) ? 0 : 60_000));
      },
      isRevoked: () => revoked.has(id),
    };
  };
}

/** One subscriber over a socket. */
export interface Subscriber {
  /** The results, as they came. */
  results: any[];
  isOver: boolean;
  /** The code with which its socket was closed. */
  closed: number | undefined;
  /** Ends its socket. */
  leave(): void;
}

/** A listening gateway over a feed, and functions to subscribe to it. */
export async function startFeed() {
  const feed = new Feed();
  const people = new People();
  const it = await startGateway({ subgraphs: [feedSubgraph(feed)], authenticate: people.authenticate });
  return { ...it, feed, people, subscribe: subscribing(it.wsUrl) };
}

/** Subscribes at this address. */
export const subscribing =
  (url: string) =>
  (query: string, who: string, variables?: Record<string, unknown>): Subscriber => {
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      // The socket stays open when the subscription ends, so that a test sees which side closes it.
      lazy: false,
      onNonLazyError: () => {},
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${who}` },
      on: { closed: (event) => (subscriber.closed = (event as { code: number }).code) },
    });
    const subscriber: Subscriber = {
      results: [],
      isOver: false,
      closed: undefined,
      leave: () => void client.dispose(),
    };
    const over = (): void => void (subscriber.isOver = true);
    const next = (result: unknown): void => void subscriber.results.push(result);
    client.subscribe({ query, variables }, { next, error: over, complete: over });
    return subscriber;
  };
