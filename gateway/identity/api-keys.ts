/**
 * Looks up the owner of an API key, for a gateway, which has no database: it asks identity, by the key's hash, and
 * caches the answer for some seconds, and not beyond its end. A key that is revoked meanwhile is refused by
 * `Revocations`, at once where the revocation is heard of; of a rotated key's previous secret, which is revoked alone,
 * the cache is the only bound.
 */
import { Unavailable } from '../../platform/errors.ts';
import type { SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import { Actor, serviceActor } from '../../platform/identity/actor.ts';
import { hashOfApiKey } from '../../platform/identity/api-key.ts';
import { newId } from '../../platform/ids.ts';
import { apiKey, type ApiKeyQuery } from '../commands/identity.generated.ts';

/** Options of the look-up. */
export interface ApiKeysOptions {
  identity: Pick<SubgraphEndpoint, 'execute'>;
  /** How long a socket that was opened with a key stays open until it must show it again. */
  seconds: number;
}

/** The actor of a key. */
export interface KeyIdentity {
  actor: Actor;
  expiresAt: Date;
  /** Whether the key has changed: it, or the secret of it that was shown, is no longer valid, or it has other rights. */
  hasChanged(): boolean;
}

/** How long an answer is cached, in milliseconds: so soon a change of its maker's roles is noticed. */
const REMEMBER_MS = 5000;
/** Most answers cached; beyond, the oldest is asked for again. */
const MOST = 10_000;

type Answer = ApiKeyQuery['apiKeyIdentity'];

/** Whether identity knows the key, and what was shown of it has not expired since: the secret of a rotated key may. */
const isGood = (answer: Answer | undefined): answer is NonNullable<Answer> =>
  Boolean(answer) && new Date(answer!.expiresAt).getTime() > Date.now();

/** The rights of a key, to be compared. Its expiry is none of them: a rotation of the key changes that. */
const rightsOf = ({ id, userId, scopes, merchantId }: NonNullable<Answer>): string =>
  JSON.stringify([id, userId, scopes, merchantId]);

/** The endpoint of identity, of the endpoints of a graph. */
export const identityOf = <Endpoint extends Pick<SubgraphEndpoint, 'name'>>(endpoints: readonly Endpoint[]): Endpoint =>
  endpoints.find(({ name }) => name === 'identity')!;

/** Asks identity about keys. */
export class ApiKeys {
  readonly #o: ApiKeysOptions;
  readonly #known = new Map<string, { answer: Promise<Answer>; until: number }>();

  constructor(options: ApiKeysOptions) {
    this.#o = options;
  }

  /** The identity of a key; undefined if the key is not valid. @throws Unavailable while identity does not answer */
  async identify(key: string): Promise<KeyIdentity | undefined> {
    const hash = hashOfApiKey(key);
    const answer = await this.#answerFor(hash);
    if (!isGood(answer)) return undefined;
    const { id, userId, scopes, merchantId } = answer;
    const actor = new Actor({ id: userId, roles: [], scopes, merchantId: merchantId ?? undefined, apiKeyId: id });
    const expiresAt = new Date(Math.min(new Date(answer.expiresAt).getTime(), Date.now() + this.#o.seconds * 1000));
    return { actor, expiresAt, hasChanged: this.#watch(hash, answer) };
  }

  /** A check for a socket or a stream, which outlives the answer: calling it has an old answer asked for again. */
  #watch(hash: string, answer: NonNullable<Answer>): () => boolean {
    let [now, asked]: [Answer, number] = [answer, Date.now()];
    return () => {
      if (Date.now() - asked >= REMEMBER_MS) {
        asked = Date.now();
        // While identity is away, the last answer counts.
        this.#answerFor(hash)
          .then((next) => (now = next))
          .catch(() => {});
      }
      return !isGood(now) || rightsOf(now) !== rightsOf(answer);
    };
  }

  /** Requests for the same key at the same time ask identity once. */
  #answerFor(hash: string): Promise<Answer> {
    const known = this.#known.get(hash);
    if (known && known.until > Date.now()) return known.answer;
    const answer = this.#ask(hash);
    this.#known.delete(hash);
    this.#known.set(hash, { answer, until: Date.now() + REMEMBER_MS });
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value!);
    answer.catch(() => this.#known.delete(hash));
    return answer;
  }

  async #ask(hash: string): Promise<Answer> {
    const request = { query: apiKey.document, variables: { hash } };
    const context = { actor: serviceActor('gateway'), correlationId: newId('req') };
    const { data, errors } = await this.#o.identity.execute(request, context);
    if (errors?.length || !data)
      throw new Unavailable('Identity does not tell about API keys.', { cause: errors?.[0] });
    return (data as ApiKeyQuery).apiKeyIdentity;
  }
}
