/** Claims that rooms declare: ids of owners beside the customer, the merchant and the order that every actor may have. */

/** Claims by name, with their short names in access tokens: `{ vendorId: 'ven' }`. */
export type RoomClaims = Readonly<Record<string, string>>;

/** Syntax of a claim's name: it ends in `Id`, so it is no property that objects inherit, and its setting is `[a-z_]`. */
const NAME = /^(?=.{3,40}$)[a-z]+([A-Z][a-z]+)*Id$/;
/** Names of the platform's own claims, and the one whose setting is that of `id`. */
const NAMES: readonly string[] = ['customerId', 'merchantId', 'orderId', 'sessionId', 'apiKeyId', 'actorId'];

const SHORT = /^[a-z]{2,8}$/;
/** Names that mean something else in a token: those of RFC 7519, 4.1, and ours (tokens.ts). */
const SHORTS: readonly string[] = 'iss sub aud exp nbf iat jti roles scopes cus mer ord sid'.split(' ');

/**
 * All claims that these rooms declare. @throws Error for a name that does not fit, and for a claim or a short name of two
 * rooms
 */
export function claimsOfRooms(rooms: readonly { name: string; claims?: RoomClaims }[]): Record<string, string> {
  const claims: Record<string, string> = {};
  const declarers = new Map<string, string>();
  const declare = (room: string, what: string): void => {
    const other = declarers.get(what);
    if (other) throw new Error(`${other} and ${room} both declare the ${what}.`);
    declarers.set(what, room);
  };
  for (const { name: room, claims: declared = {} } of rooms) {
    for (const [name, short] of Object.entries(declared)) {
      if (!NAME.test(name) || NAMES.includes(name))
        throw new Error(
          `${room} declares the claim "${name}": use a name such as vendorId that is not the platform's.`,
        );
      if (!SHORT.test(short) || SHORTS.includes(short))
        throw new Error(
          `${room} declares the short name "${short}" of ${name}: use 2 to 8 letters with no meaning yet.`,
        );
      declare(room, `claim ${name}`);
      declare(room, `short name ${short}`);
      claims[name] = short;
    }
  }
  return claims;
}
