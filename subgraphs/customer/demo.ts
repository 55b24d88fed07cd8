/** Two hundred demo customers of several countries. None of them exists; the addresses are made up. */
import type { DemoTools } from '../../platform/agent/demo.ts';
import { demoWorld } from '../../platform/agent/demo.ts';
import type { Store } from '../../platform/store/store.ts';
import { deterministicId } from '../../platform/ids.ts';
import { COUNTRIES, type Country } from './demo/people.ts';
import type { Tables } from './entities.ts';

const JOINED_FROM = Date.UTC(2025, 0, 1);
const DAY = 86_400_000;

export const customerDemo =
  (store: Store<Tables>) =>
  async (tools: DemoTools): Promise<void> => {
    const random = tools.random('customer');
    const people = Array.from({ length: demoWorld.customers }, (_, n) => person(n, random));
    await store.write({ locks: [], origin: {} }, async ({ sql }) => {
      const customers = people.map(({ customer }) => customer);
      await sql
        .insertInto('customer')
        .values(customers)
        .onConflict((on) => on.doNothing())
        .execute();
      await sql
        .insertInto('address')
        .values(people.flatMap(({ addresses }) => addresses))
        .onConflict((on) => on.doNothing())
        .execute();
      // The first address is the default, unless another was chosen since.
      await sql
        .updateTable('customer')
        .from('address')
        .set((eb) => ({ defaultAddressId: eb.ref('address.id') }))
        .whereRef('address.customerId', '=', 'customer.id')
        .where(
          'address.id',
          'in',
          people.map(({ addresses }) => addresses[0]!.id),
        )
        .where('customer.defaultAddressId', 'is', null)
        .execute();
    });
  };

function person(n: number, random: () => number) {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const country = n === 0 ? COUNTRIES[0]! : pick(COUNTRIES);
  const name = n === 0 ? 'Clara Demo' : `${pick(country.given)} ${pick(country.family)}`;
  const joined = new Date(JOINED_FROM + n * DAY);
  const id = demoWorld.customerId(n);
  const customer = {
    id,
    userId: n === 0 ? demoWorld.userId('customer') : deterministicId('user', FIRST_SHOPPER + n),
    name,
    email: n === 0 ? 'customer@agora.test' : `${mailbox(name)}.${n}@example.com`,
    phone: random() < 0.6 ? `${country.dial} 555 ${String(Math.floor(random() * 10_000)).padStart(4, '0')}` : null,
    defaultAddressId: null,
    createdAt: joined,
    updatedAt: joined,
  };
  const count = 1 + Math.floor(random() * 3);
  const addresses = Array.from({ length: count }, (_, index) => ({
    id: deterministicId('address', n * 3 + index),
    customerId: id,
    ...address(name, country, pick, random),
    createdAt: joined,
  }));
  return { customer, addresses };
}

/** Users of customers without an account to sign in with; apart from the numbers of the demo accounts. */
const FIRST_SHOPPER = 1000;

function address(name: string, country: Country, pick: <T>(list: readonly T[]) => T, random: () => number) {
  const number = 1 + Math.floor(random() * 120);
  const [city, postcode, region = null] = pick(country.cities);
  const line1 = country.numberFirst ? `${number} ${pick(country.streets)}` : `${pick(country.streets)} ${number}`;
  const line2 = random() < 0.2 ? `Floor ${1 + Math.floor(random() * 8)}` : null;
  return { name, line1, line2, city, postcode, region, country: country.code };
}

const mailbox = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[ıłß]/g, (letter) => PLAIN[letter]!)
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z]+/g, '.');

/** Letters that no normal form takes apart. */
const PLAIN: Record<string, string> = { ı: 'i', ł: 'l', ß: 'ss' };
