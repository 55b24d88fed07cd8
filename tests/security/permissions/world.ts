/** Two customers, a guest, two merchants, and one of everything for each, made as they would make it: through the API. */
import type { Actor } from '../../../platform/identity/actor.ts';
import { newId } from '../../../platform/ids.ts';
import { admin } from '../../support/agents.ts';
import type { EmbeddedPlatform, TestPlatform } from '../../support/platform.ts';
import { ADDRESS, done, placed, settled } from '../../support/shop.ts';
import { untilAnswer } from '../../support/until.ts';
import { type Asker, asker, NOBODY, type Thing } from './things.ts';

/** All there is. */
export interface World {
  things: Thing[];
  askers: Asker[];
}

type Shop = Pick<TestPlatform, 'ask' | 'kysely'>;

const unique = (what: string): string => `${what}-${newId('w').slice(-12)}`;
const tell = async (shop: Shop, text: string, input: object, as: Asker) =>
  (await done(shop.ask(text, { input }, as.actor))) as any;

/** Makes it. */
export async function makeWorld(shop: EmbeddedPlatform): Promise<World> {
  const house = await makeHouse(shop);
  const merchants = [await makeMerchant(shop, 'M1', house), await makeMerchant(shop, 'M2', house)];
  const variantId = merchants[0]!.onSale;
  const buyers = [
    await makeCustomer(shop, 'A', variantId),
    await makeCustomer(shop, 'B', variantId),
    await makeGuest(shop, variantId),
  ];
  return {
    things: [...house.things, ...merchants.flatMap(({ things }) => things), ...buyers.flatMap(({ things }) => things)],
    askers: [
      NOBODY,
      ...buyers.map(({ who }) => who),
      ...merchants.map(({ who }) => who),
      asker('a merchant without a merchant', ['MERCHANT']),
      asker('a customer without a profile', ['CUSTOMER']),
      asker('a viewer', ['VIEWER']),
      asker('an operator', ['OPERATOR']),
      asker('an administrator', ['ADMIN']),
      asker('a key for orders', [], { scopes: ['order:read'] }),
      asker('a key for customers', [], { scopes: ['customer:personal'] }),
    ],
  };
}

/** What is the house's: no row of it is anybody's own. */
async function makeHouse(shop: Shop): Promise<{ things: Thing[]; locationId: string }> {
  const by: Asker = { ...NOBODY, actor: admin };
  const [locationId, otherLocationId] = [await makeLocation(shop, by), await makeLocation(shop, by)];
  const { createCategory } = await tell(
    shop,
    'mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { category { id } userErrors { message } } }',
    { name: unique('category') },
    by,
  );
  const ours = (type: string, id: string): Thing => ({ type, id, of: 'nobody', seenWith: [] });
  return {
    locationId,
    things: [
      ours('Location', locationId),
      ours('Location', otherLocationId),
      ours('Category', createCategory.category.id),
      ours('Channel', 'default'),
      ours('Agent', 'order'),
      ours('Consumer', 'notification'),
    ],
  };
}

async function makeLocation(shop: Shop, by: Asker): Promise<string> {
  const text =
    'mutation ($input: CreateLocationInput!) { createLocation(input: $input) { location { id } userErrors { message } } }';
  const input = { code: unique('LOC').toUpperCase(), name: 'Walk', city: 'Lyon', country: 'FR' };
  return (await tell(shop, text, input, by)).createLocation.location.id;
}

const CREATE = `mutation ($input: CreateProductInput!) { createProduct(input: $input) {
  product { id slug variants { id sku } } userErrors { message } } }`;
const PRICE = 'mutation ($input: SetPriceInput!) { setPrice(input: $input) { price { id } userErrors { message } } }';
const KEY =
  'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } userErrors { message } } }';
const IMPORT =
  'mutation ($input: ImportProductsInput!) { importProducts(input: $input) { saga { id } userErrors { message } } }';

/** A merchant with a draft, something on sale, its price and stock, and an import. */
async function makeMerchant(shop: EmbeddedPlatform, name: string, { locationId }: { locationId: string }) {
  const merchantId = newId('merchant');
  const { id, sessionId } = await signUp(shop, `Merchant ${name}`, `${unique(name.toLowerCase())}@example.com`);
  const who = asker(`merchant ${name}`, ['MERCHANT'], { id, sessionId, merchantId });
  const of = { user: id, merchant: merchantId };
  const { createApiKey } = await tell(shop, KEY, { name: unique('key'), scopes: ['product:write'] }, who);
  const account = (type: string, secret: string): Thing => {
    const seenWith = ['identity:admin'];
    return { type, id: secret, of: { user: id }, seenWith, secrets: [{ text: secret, knownWith: seenWith }] };
  };
  const things: Thing[] = [account('ApiKey', createApiKey.apiKey.id), account('Session', sessionId!)];
  const create = async (isPublic: boolean): Promise<string> => {
    const sku = unique(`sku-${name}`);
    const { createProduct } = await tell(shop, CREATE, { name: unique(name), variants: [{ sku, name: 'One' }] }, who);
    const { id, slug, variants } = createProduct.product;
    const rights = isPublic ? { of: 'nobody' as const, keptBy: of, seenWith: [] } : { of, seenWith: ['product:read'] };
    const secret = (text: string) => (isPublic ? [] : [{ text, knownWith: ['product:read', 'inventory:read'] }]);
    things.push(
      { type: 'Product', id, keys: { slug }, ...rights, secrets: [...secret(id), ...secret(slug)] },
      { type: 'ProductVariant', id: variants[0].id, keys: { sku }, ...rights, secrets: secret(sku) },
    );
    const { setPrice } = await tell(shop, PRICE, { variantId: variants[0].id, currency: 'EUR', amount: '7.00' }, who);
    const price = setPrice.price.id as string;
    things.push({
      type: 'Price',
      id: price,
      of,
      seenWith: ['pricing:read'],
      secrets: [{ text: price, knownWith: ['pricing:read'] }],
    });
    await tell(
      shop,
      'mutation ($input: AdjustStockInput!) { adjustStock(input: $input) { userErrors { message } } }',
      { variantId: variants[0].id, locationId, delta: 50, reason: 'recount', idempotencyKey: newId('key') },
      who,
    );
    things.push(await movementOf(shop, variants[0].id, who, of));
    if (isPublic)
      await tell(
        shop,
        'mutation ($input: ChangeProductStatusInput!) { publishProduct(input: $input) { userErrors { message } } }',
        { id },
        who,
      );
    return variants[0].id as string;
  };
  await create(false);
  const onSale = await create(true);
  const products = [{ name: unique('import'), variants: [{ sku: unique('imported'), name: 'One' }] }];
  const { importProducts } = await tell(shop, IMPORT, { products, idempotencyKey: newId('key') }, who);
  const sagaId = importProducts.saga.id as string;
  await sagaEnds(shop, sagaId);
  // Who may change every product may follow every import.
  const seenWith = ['orchestration:read', 'product:write'];
  things.push({
    type: 'Saga',
    id: sagaId,
    of,
    seenWith: ['orchestration:read'],
    secrets: [{ text: sagaId, knownWith: seenWith }],
  });
  return { who, things, onSale };
}

async function movementOf(shop: Shop, variantId: string, who: Asker, of: Thing['of']): Promise<Thing> {
  const query = 'query ($id: ID) { movements(filter: { variantId: $id }) { nodes { id } } }';
  const { id } = (await done(shop.ask(query, { id: variantId }, who.actor))).movements.nodes[0];
  const seenWith = ['inventory:read'];
  return { type: 'Movement', id, of, seenWith, secrets: [{ text: id, knownWith: seenWith }] };
}

async function sagaEnds(shop: Shop, id: string): Promise<void> {
  await untilAnswer(
    async () => (await done(shop.ask('query ($id: ID!) { saga(id: $id) { status } }', { id }, admin))).saga.status,
    (status) => status === 'COMPLETED',
    `the saga ${id} does not end`,
  );
}

const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) {
  accessToken userErrors { message } } }`;
const ADD =
  'mutation ($input: AddAddressInput!) { addAddress(input: $input) { address { id } userErrors { message } } }';

/** Who signed up, as their token says. */
async function signUp(shop: EmbeddedPlatform, name: string, email: string): Promise<Actor> {
  const input = { name, email, password: unique('walk the graph') };
  const { accessToken } = (await tell(shop, SIGN_UP, input, NOBODY)).signUp;
  return (await shop.agents.tokens.verify(accessToken, new Date())).actor;
}

/** A customer with an address, a cart, an order that was paid, and a message about it. */
async function makeCustomer(shop: EmbeddedPlatform, name: string, variantId: string) {
  const [fullName, email, street] = [
    unique(`Name ${name}`),
    `${unique(name.toLowerCase())}@example.com`,
    unique('street'),
  ];
  const { id: userId, customerId, sessionId } = await signUp(shop, fullName, email);
  const who = asker(`customer ${name}`, ['CUSTOMER'], { id: userId, customerId, sessionId });
  const of = { user: userId, customer: customerId };
  const { addAddress } = await tell(shop, ADD, { address: { ...ADDRESS, line1: street } }, who);
  const personal = (text: string) => ({ text, knownWith: ['customer:personal'] });
  const things: Thing[] = [
    {
      type: 'User',
      id: userId,
      of,
      seenWith: ['identity:admin'],
      secrets: [{ text: userId, knownWith: ['identity:admin'] }],
    },
    {
      type: 'Customer',
      id: customerId!,
      of,
      seenWith: ['customer:personal'],
      // Staff know the number of an order's customer, and nothing else of them. Users' names are administrators' too.
      secrets: [
        { text: customerId!, knownWith: ['customer:personal', 'order:read'] },
        ...[fullName, email].map((text) => ({ text, knownWith: ['customer:personal', 'identity:admin'] })),
        personal(street),
      ],
    },
    {
      type: 'CustomerAddress',
      id: addAddress.address.id,
      of,
      seenWith: ['customer:personal'],
      secrets: [personal(addAddress.address.id)],
    },
  ];
  things.push(await makeIdentity(shop, userId, of));
  const cart = await makeCart(shop, variantId, who);
  things.push({
    type: 'Cart',
    id: cart,
    of,
    seenWith: ['order:write'],
    secrets: [{ text: cart, knownWith: ['order:write'] }],
  });
  things.push(...(await makeOrder(shop, variantId, who, of)));
  const messages = await untilAnswer(
    async () => (await done(shop.ask('{ inbox { nodes { id } } }', {}, who.actor))).inbox.nodes as { id: string }[],
    (nodes) => nodes.length > 0,
    'no message comes',
  );
  things.push(
    ...messages.map(({ id }) => ({
      type: 'Message',
      id,
      of,
      seenWith: ['notification:personal'],
      secrets: [{ text: id, knownWith: ['notification:personal'] }],
    })),
  );
  return { who, things };
}

/** Written as it would be, had a provider vouched for them: there is none here. */
async function makeIdentity({ kysely }: Shop, userId: string, of: Thing['of']): Promise<Thing> {
  const [id, subject, now] = [newId('identity'), unique('subject'), new Date()];
  const email = `${subject}@provider.example`;
  const row = { id, user_id: userId, provider: 'walk', issuer: 'https://provider.example', subject, email };
  await kysely
    .insertInto('identity.linked_identity')
    .values({ ...row, linked_at: now, last_used_at: now })
    .execute();
  const seenWith = ['identity:admin'];
  return {
    type: 'LinkedIdentity',
    id,
    of,
    seenWith,
    secrets: [id, email].map((text) => ({ text, knownWith: seenWith })),
  };
}

async function makeGuest(shop: TestPlatform, variantId: string) {
  const cart = await makeCart(shop, variantId, NOBODY);
  const things: Thing[] = [{ type: 'Cart', id: cart, of: 'nobody', seenWith: [] }];
  const email = `${unique('guest')}@example.com`;
  const order = await makeOrder(shop, variantId, NOBODY, {}, email);
  const { id } = order.find(({ type }) => type === 'Order')!;
  for (const thing of order) thing.of = { order: id };
  return { who: asker('the guest', ['GUEST'], { id: `guest:${id}`, orderId: id }), things: [...things, ...order] };
}

async function makeCart(shop: Shop, variantId: string, who: Asker): Promise<string> {
  const create =
    'mutation ($input: CreateCartInput!) { createCart(input: $input) { cart { id } userErrors { message } } }';
  return (await tell(shop, create, { lines: [{ variantId, quantity: 1 }] }, who)).createCart.cart.id;
}

/** An order that was paid, with what came of it. */
export async function makeOrder(
  shop: TestPlatform,
  variantId: string,
  who: Asker,
  of: Exclude<Thing['of'], 'nobody'>,
  email?: string,
): Promise<Thing[]> {
  const street = unique('delivery');
  const input = { lines: [{ variantId, quantity: 1 }], shippingAddress: { ...ADDRESS, line1: street }, email };
  const { order, saga } = await placed(shop, input, who.actor);
  await settled(shop, order.id, 'PROCESSING');
  await sagaEnds(shop, saga.id);
  const { payments } = (
    await done(shop.ask('query ($id: ID) { order(id: $id) { payments { id } } }', { id: order.id }, admin))
  ).order as { payments: { id: string }[] };
  const read = ['order:read'];
  const personal = ['order:personal'];
  // An order's number and id are named by what came of it: its payment, its saga, its movements of stock.
  const named = ['order:read', 'payment:read', 'orchestration:read', 'inventory:read'];
  return [
    {
      type: 'Order',
      id: order.id,
      keys: { number: order.number },
      of,
      seenWith: read,
      secrets: [
        { text: order.id, knownWith: named },
        { text: order.number, knownWith: read },
        { text: street, knownWith: personal },
        ...(email ? [{ text: email, knownWith: personal }] : []),
      ],
    },
    {
      type: 'Saga',
      id: saga.id,
      of,
      seenWith: ['orchestration:read', ...read],
      secrets: [{ text: saga.id, knownWith: named }],
    },
    ...payments.map(({ id }) => ({
      type: 'Payment',
      id,
      of,
      seenWith: ['payment:read'],
      secrets: [{ text: id, knownWith: ['payment:read'] }],
    })),
  ];
}
