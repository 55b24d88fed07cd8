import { type Role, scopesOf } from './roles.ts';

/** Claims of a caller. They come from a verified token, never from the request's content. */
export interface ActorClaims {
  /** The user's id, `agent:order` for a service, `guest:<order id>` for a guest, or `anonymous`. */
  id: string;
  roles: readonly Role[];
  /** Scopes beside those of the roles: those of an API key. */
  scopes?: readonly string[];
  /** Id of the customer that this user is, if any. */
  customerId?: string;
  /** Id of the merchant that this user works for, if any. */
  merchantId?: string;
  /** The one order that a guest may see. */
  orderId?: string;
  /** Ids of the claims that rooms declare, by name: `{ vendorId: 'vendor_1' }`. */
  ownerIds?: Readonly<Record<string, string>>;
  /** The session that the token belongs to. */
  sessionId?: string;
  /** Id of the API key that is used in place of a session. */
  apiKeyId?: string;
}

/** The caller of an operation. The gate asks it for permissions, and `access.ts` for rows. */
export class Actor {
  readonly id: string;
  readonly roles: ReadonlySet<Role>;
  readonly scopes: ReadonlySet<string>;
  readonly customerId: string | undefined;
  readonly merchantId: string | undefined;
  readonly orderId: string | undefined;
  readonly ownerIds: Readonly<Record<string, string>>;
  readonly sessionId: string | undefined;
  readonly apiKeyId: string | undefined;

  constructor(claims: ActorClaims) {
    this.id = claims.id;
    this.roles = new Set(claims.roles);
    this.scopes = new Set([...claims.roles.flatMap(scopesOf), ...(claims.scopes ?? [])]);
    this.customerId = claims.customerId;
    this.merchantId = claims.merchantId;
    this.orderId = claims.orderId;
    // Another process may be of a release that knows none.
    this.ownerIds = claims.ownerIds ?? {};
    this.sessionId = claims.sessionId;
    this.apiKeyId = claims.apiKeyId;
  }

  /** Whether the caller is signed in: a person, a guest with an order's token, or a service. */
  get isAuthenticated(): boolean {
    // By the id and not by the object, since an anonymous actor may be made of another process's `claims()`.
    return this.id !== ANONYMOUS.id;
  }

  /** Whether the actor holds the scope `<agent>:<action>`, by name or by a wildcard of its role. */
  may(scope: string): boolean {
    const [agent, action] = scope.split(':');
    return (
      this.scopes.has(scope) ||
      this.scopes.has(`*:${action}`) ||
      this.scopes.has(`${agent}:*`) ||
      this.scopes.has('*:*')
    );
  }

  /** The actor's claims, to pass it on to another process. */
  claims(): ActorClaims {
    const { id, customerId, merchantId, orderId, ownerIds, sessionId, apiKeyId } = this;
    const permissions = { roles: [...this.roles], scopes: [...this.scopes] };
    return { id, ...permissions, customerId, merchantId, orderId, ownerIds, sessionId, apiKeyId };
  }
}

/** The anonymous caller, of a request without a token. */
export const ANONYMOUS = new Actor({ id: 'anonymous', roles: [] });

/** An agent acting on its own behalf: in a saga's step, a consumer, a schedule. */
export const serviceActor = (agent: string): Actor => new Actor({ id: `agent:${agent}`, roles: ['SERVICE'] });
