/** A small shop that never changes, in memory: so that the graph is measured, and no database hides it. */

/** A product for sale. */
export interface Product {
  id: string;
  name: string;
  price: number;
  weight: number;
  category: string;
}

/** An order of three lines. */
export interface Order {
  id: string;
  status: string;
  customerId: string;
  lines: { productId: string; quantity: number }[];
}

const CATEGORIES = ['BOOKS', 'TOYS', 'FOOD'];
const STATUSES = ['PENDING', 'PAID', 'SHIPPED'];
const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const byId = <T extends { id: string }>(rows: readonly T[]): ((id: string) => T | undefined) => {
  const index = new Map(rows.map((row) => [row.id, row]));
  return (id) => index.get(id);
};

export const products = many<Product>(1000, (n) => ({
  id: `p${n}`,
  name: `Product ${n}`,
  price: 1000 + n,
  weight: (n % 7) + 1,
  category: CATEGORIES[n % 3]!,
}));
export const customers = many(50, (n) => ({ id: `c${n}`, name: `Customer ${n}`, email: `c${n}@example.com` }));
export const orders = many<Order>(200, (n) => ({
  id: `o${n}`,
  status: STATUSES[n % 3]!,
  customerId: `c${n % 50}`,
  lines: many(3, (line) => ({ productId: `p${(n * 3 + line) % 100}`, quantity: line + 1 })),
}));

export const productById = byId(products);
export const customerById = byId(customers);
export const orderById = byId(orders);
export const stockOf = (id: string): number => (Number(id.slice(1)) * 3) % 50;
export const starsOf = (id: string): number => (Number(id.slice(1)) % 5) + 1;
export const reviewsOf = (id: string): { stars: number; text: string }[] =>
  many(2, (n) => ({ stars: ((starsOf(id) + n) % 5) + 1, text: `Review ${n} of ${id}` }));
/** The cost of sending it. */
export const postage = (weight: number): number => weight * 50;
