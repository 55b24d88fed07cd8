import { type Role, scopesOf } from './roles.ts';

/** What is known of a caller. Comes from a verified token, never from the request's own words. */
export interface ActorClaims {
  /** The user, the service (`agent:order`), or `guest:<order id>`; `anonymous` for nobody. */
  id: string;
  roles: readonly Role[];
  /** Scopes beside those of the roles: an API key's. */
  scopes?: readonly string[];
  /** The customer that this user is, if they are one. */
  customerId?: string;
  /** The merchant that this user works for, if they do. */
  merchantId?: string;
  /** The one order that a guest may see. */
  orderId?: string;
  /** The session that the token belongs to. */
  sessionId?: string;
  /** The API key that stands for its maker, in place of a session. */
  apiKeyId?: string;
}

/** Who asks. Made once for each operation; asked by the gate for permissions and by `access.ts` for rows. */
export class Actor {
  readonly id: string;
  readonly roles: ReadonlySet<Role>;
  readonly scopes: ReadonlySet<string>;
  readonly customerId: string | undefined;
  readonly merchantId: string | undefined;
  readonly orderId: string | undefined;
  readonly sessionId: string | undefined;
  readonly apiKeyId: string | undefined;

  constructor(claims: ActorClaims) {
    this.id = claims.id;
    this.roles = new Set(claims.roles);
    this.scopes = new Set([...claims.roles.flatMap(scopesOf), ...(claims.scopes ?? [])]);
    this.customerId = claims.customerId;
    this.merchantId = claims.merchantId;
    this.orderId = claims.orderId;
    this.sessionId = claims.sessionId;
    this.apiKeyId = claims.apiKeyId;
  }

  /** Whether somebody is signed in: a person, a guest with an order's token, or a service. */
  get isAuthenticated(): boolean {
    // By the id and not by the object: nobody may have come from another process, out of `claims()`.
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

  /** The claims again, to pass the actor on to another process. */
  claims(): ActorClaims {
    const { id, customerId, merchantId, orderId, sessionId, apiKeyId } = this;
    const permissions = { roles: [...this.roles], scopes: [...this.scopes] };
    return { id, ...permissions, customerId, merchantId, orderId, sessionId, apiKeyId };
  }
}

/** Nobody: a request without a token. */
export const ANONYMOUS = new Actor({ id: 'anonymous', roles: [] });

/** An agent acting on its own behalf: in a saga's step, a consumer, a schedule. */
export const serviceActor = (agent: string): Actor => new Actor({ id: `agent:${agent}`, roles: ['SERVICE'] });
