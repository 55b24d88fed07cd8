/**
 * The demo world: the count and the ids of every kind of thing. Rooms must agree on them and may not import one
 * another, so they stand here; what each thing looks like is its own room's business.
 */
import { createHash } from 'node:crypto';
import { deterministicId } from '../ids.ts';

const PRODUCTS = 1000;
const CUSTOMERS = 200;
/** Number of variants of the products in turn: 3.5 on average. */
const VARIANTS_OF = [2, 3, 4, 5] as const;

/** A mulberry32 generator seeded by text. */
export function randomOf(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One variant of the demo world: `n` counts all, `index` those of its product. */
export interface DemoVariant {
  n: number;
  id: string;
  product: number;
  index: number;
}

const variants: DemoVariant[] = [];
for (let product = 0; product < PRODUCTS; product++) {
  for (let index = 0; index < VARIANTS_OF[product % VARIANTS_OF.length]!; index++) {
    variants.push({ n: variants.length, id: deterministicId('variant', variants.length), product, index });
  }
}

/** Accounts that the demo signs in with: `<name>@agora.test`, password {@link demoWorld.password}. */
const ACCOUNTS = ['admin', 'operator', 'analyst', 'viewer', 'merchant', 'customer'] as const;

/** The demo world. Kinds not listed have ids by `demoWorld.id('warehouse', 0)`: no list grows with the rooms. */
export const demoWorld = {
  /** The id of the nth thing of a kind, of any room: by the prefix of its ids and its number from 0. */
  id: deterministicId,
  password: 'agora-demo',
  accounts: ACCOUNTS,
  products: PRODUCTS,
  customers: CUSTOMERS,
  /** All variants, product by product. */
  variants: variants as readonly DemoVariant[],
  productId: (n: number) => deterministicId('product', n),
  /** Customer 0 is the one of `customer@agora.test`. */
  customerId: (n: number) => deterministicId('customer', n),
  userId: (account: (typeof ACCOUNTS)[number]) => deterministicId('user', ACCOUNTS.indexOf(account)),
  /** The merchant that owns all demo products: the one of `merchant@agora.test`. */
  merchantId: deterministicId('merchant', 0),
};
