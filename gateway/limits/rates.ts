import { createHash } from 'node:crypto';
import { type FieldNode, getOperationAST, Kind, valueFromASTUntyped } from 'graphql';
import type { Limit, Limiter } from '../../platform/cluster/limiter.ts';
import { networkOf } from '../../platform/http/network-of.ts';
import type { Operation } from '../operations/operation.ts';
import { withDefaults } from '../execution/with-defaults.ts';
import type { Caller } from '../identity/session.ts';
import { rateError } from './rate-error.ts';
import { type ByTier, tierOf } from './tier.ts';

/** Rate limits, per minute. */
export interface Rates {
  /** Requests over HTTP and operations over a WebSocket, whatever comes of them. */
  requests: ByTier<number>;
  /** Mutations, those of one request counted one by one. */
  mutations: ByTier<number>;
  /** Mutations by which passwords and accounts can be guessed, from one address: for all accounts, and for one. */
  signIns: { address: number; account: number };
}

/** Names of mutations by which passwords and accounts can be guessed. */
const GUESSABLE = /^(signIn|signUp|(begin|request|reset|complete|verify)\w*(Password|Email|SignIn))/;

const PER_SECONDS = 60;

/**
 * Rate limiter of callers, over all gateways where they share a Redis. Signed-in users are counted by account, others
 * by address.
 */
export class RateLimits {
  readonly #limiter: Limiter;
  readonly #rates: Rates;

  constructor(limiter: Limiter, rates: Rates) {
    this.#limiter = limiter;
    this.#rates = rates;
  }

  /** Counts a request. @throws GraphQLError RATE_LIMITED */
  async request(caller: Caller): Promise<void> {
    await this.#take('requests', whoIs(caller), { caller, most: this.#rates.requests[tierOf(caller.actor())] });
  }

  /** Counts an operation that is about to be executed. @throws GraphQLError RATE_LIMITED */
  async operation(operation: Operation): Promise<void> {
    const fields = mutationsIn(operation);
    if (fields.length === 0) return;
    const { caller } = operation;
    const most = this.#rates.mutations[tierOf(caller.actor())];
    await this.#take('mutations', whoIs(caller), { caller, most, cost: fields.length });
    const { address, account } = this.#rates.signIns;
    for (const field of fields.filter(({ name }) => GUESSABLE.test(name.value))) {
      await this.#take('sign-ins', placeOf(caller), { caller, most: address });
      const name = accountIn(field, operation);
      // Per address, or anybody could keep the owner out. Guessing from many addresses is slowed down by identity,
      // which knows where the owner signs in from.
      if (name) await this.#take('sign-ins-of-account', `${name} ${placeOf(caller)}`, { caller, most: account });
    }
  }

  async #take(
    policy: string,
    key: string,
    { caller, most, cost = 1 }: { caller: Caller; most: number; cost?: number },
  ): Promise<void> {
    const limit: Limit = { capacity: most, perSeconds: PER_SECONDS };
    const taken = await this.#limiter.take(`${policy}:${key}`, cost, limit);
    caller.tell?.({ policy, limit, taken });
    if (!taken.allowed) throw rateError(policy, limit, taken);
  }
}

function whoIs(caller: Caller): string {
  const actor = caller.actor();
  return actor.isAuthenticated ? `actor:${actor.id}` : placeOf(caller);
}

/** The network that a caller comes from. */
export const placeOf = ({ client }: Pick<Caller, 'client'>): string =>
  `address:${networkOf(client?.address ?? 'unknown')}`;

/** The mutations of an operation, also those in fragments. */
function mutationsIn({ document, operationName }: Operation): FieldNode[] {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== 'mutation') return [];
  const inSet = (selections: readonly { kind: Kind }[]): FieldNode[] =>
    (selections as (typeof operation.selectionSet.selections)[number][]).flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return selection.name.value.startsWith('__') ? [] : [selection];
      if (selection.kind === Kind.INLINE_FRAGMENT) return inSet(selection.selectionSet.selections);
      const fragment = document.definitions.find(
        (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === selection.name.value,
      );
      return fragment?.kind === Kind.FRAGMENT_DEFINITION ? inSet(fragment.selectionSet.selections) : [];
    });
  return inSet(operation.selectionSet.selections);
}

/** The account that a field is about, hashed: a counter need not reveal it. */
function accountIn(field: FieldNode, { document, operationName, variables: sent }: Operation): string | undefined {
  const variables = withDefaults(document, operationName, sent);
  const input = field.arguments?.find(({ name }) => name.value === 'input')?.value;
  const given = input && (valueFromASTUntyped(input, variables as never) as { email?: unknown } | undefined | null);
  if (typeof given?.email !== 'string') return undefined;
  return createHash('sha256').update(given.email.trim().toLowerCase()).digest('base64url');
}
