/** The page of an order, as an operator sees it: the query that crosses the most rooms. */
import type { Words } from '../new-agent/words.ts';
import { post } from './start.ts';

/**
 * The query of all rooms that know something of the newest order's buyer, goods and payment; each new one counts its
 * own.
 */
export const orderPage = (rooms: readonly Words[]): string => `{
  orders(first: 1) {
    nodes {
      number status placedAt total { amount currency }
      customer { name unreadMessages ${rooms.map(({ field }) => `${field}Count`).join(' ')} }
      lines { quantity variant { sku product { name category { name } } price { amount } availability { available } } }
      payments { status amount { amount currency } }
      saga { name status }
      timeline { type occurredAt }
    }
  }
}`;

/** An access token of the demo's operator. */
export async function signInOperator(url: string): Promise<string> {
  const query = `mutation { signIn(input: { email: "operator@agora.test", password: "agora-demo" }) { accessToken } }`;
  const { signIn } = await post<{ signIn: { accessToken: string } }>(url, query);
  return signIn.accessToken;
}
