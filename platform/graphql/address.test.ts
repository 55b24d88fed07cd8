import { expect, test } from '@jest/globals';
import type { Refusal } from '../errors.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import { checkAddress, type GivenAddress } from './address.ts';
import { payload } from './payload.ts';
import { resolversOf } from './resolvers.ts';
import { createSubgraph } from './subgraph.ts';
import { typeDefsOf } from './type-defs.ts';

const address: GivenAddress = { name: 'Ada', line1: 'Main Street 1', city: 'Paris', postcode: '75001', country: 'FR' };
const PATH = ['input', 'shippingAddress'];

const refusalOf = (change: Partial<GivenAddress>) => {
  try {
    checkAddress({ ...address, ...change }, PATH);
  } catch (error) {
    return (error as Refusal).userErrors;
  }
  return undefined;
};
const refusedAt = (field: string) => [expect.objectContaining({ code: 'INVALID_INPUT', path: [...PATH, field] })];

test('texts are trimmed, optional empty ones become null, and other properties are dropped', () => {
  const given = { ...address, name: '  Ada ', line1: 'Main\n Street  1', line2: '  ', region: ' IDF ', evil: 'x' };
  expect(checkAddress(given, PATH)).toEqual({ ...address, line2: null, region: 'IDF' });
});

test.each(['name', 'line1', 'city', 'postcode'] as const)('a missing %s is refused at its field', (field) => {
  expect(refusalOf({ [field]: ' \n ' })).toEqual(refusedAt(field));
});

test.each(['name', 'line1', 'city'] as const)('a %s without a letter or digit is refused', (field) => {
  for (const text of ['\u200b', '\u3164', '\u2800', '-', '…', '\u00ad\u2060'])
    expect([text, refusalOf({ [field]: text })]).toEqual([text, refusedAt(field)]);
});

test.each(['name', 'line1', 'line2', 'city', 'region'] as const)(
  'a %s of 200 characters is accepted, of 201 refused',
  (field) => {
    expect(refusalOf({ [field]: `  ${'x'.repeat(200)} ` })).toBeUndefined();
    expect(refusalOf({ [field]: 'x'.repeat(201) })).toEqual(refusedAt(field));
  },
);

test.each(['name', 'line1', 'line2', 'city', 'postcode', 'region'] as const)(
  'a %s with a control character, half a surrogate pair or a bidi override is refused',
  (field) => {
    for (const mark of ['\0', '\ud800', '\u001b', '\u007f', '\u202e', '\u2066'])
      expect([mark, refusalOf({ [field]: `75${mark}001` })]).toEqual([mark, refusedAt(field)]);
  },
);

test('all errors of an address are told at once, each at its field', () => {
  const paths = refusalOf({ name: '', line1: '-', postcode: 'x', region: 'a\u0007b' })?.map(({ path }) => path);
  expect(paths).toEqual(['name', 'line1', 'postcode', 'region'].map((field) => [...PATH, field]));
});

test.each(['Ö', '山田太郎', 'محمد', 'Ἀθηνᾶ', "O'Brien-Smith, Jr.", 'Å', 'नरेन्द्र', 'می‌خواهم'])(
  'a name or a city may be %s',
  (text) => {
    expect(checkAddress({ ...address, name: text, city: text }, PATH)).toMatchObject({ name: text, city: text });
  },
);

test('texts are composed (NFC), so that the same word is the same text', () => {
  expect(checkAddress({ ...address, city: 'Zu\u0308rich', name: 'Ａda' }, PATH)).toMatchObject({
    city: 'Zürich',
    name: 'Ａda',
  });
});

test.each(['HK', 'AE', 'PA', 'QA', 'IE', 'JM', 'BO', 'GH'])('an address in %s needs no postal code', (country) => {
  const { postcode: _, ...without } = { ...address, country };
  expect(checkAddress(without, PATH).postcode).toBe('');
  for (const postcode of ['', ' ', null, undefined])
    expect(checkAddress({ ...without, postcode }, PATH).postcode).toBe('');
});

test.each(['DE', 'US', 'GB', 'JP', 'CZ', 'PL', 'IN', 'BR'])('an address in %s needs a postal code', (country) => {
  for (const postcode of ['', null, undefined]) expect(refusalOf({ country, postcode })).toEqual(refusedAt('postcode'));
});

test.each([
  ['DE', '00000'],
  ['DE', 'ABC'],
  ['HK', '-'],
  ['HK', '.'],
  ['HK', '\u200b'],
])('an address in %s with the postal code %j is refused', (country, postcode) => {
  expect(refusalOf({ country, postcode })).toEqual(refusedAt('postcode'));
});

test('a postal code is kept in capitals and narrow digits, with its separator and single blanks', () => {
  expect(checkAddress({ ...address, country: 'GB', postcode: ' sw1a  1aa ' }, PATH).postcode).toBe('SW1A 1AA');
  expect(checkAddress({ ...address, country: 'JP', postcode: '１５０-０００２' }, PATH).postcode).toBe('150-0002');
});

test.each(['US', 'CA', 'AU'])('an address in %s needs no region', (country) => {
  const postcode = { US: '10001', CA: 'K1A 0B1', AU: '2000' }[country];
  expect(checkAddress({ ...address, country, postcode }, PATH).region).toBeNull();
});

test.each([
  ['JP', '１００ー０００１', '100-0001'],
  ['JP', '100ー0001', '100-0001'],
  ['IN', '११०००१', '110001'],
  ['TR', '٣٤٠٠٠', '34000'],
])('a postal code of %s that is written as %s is kept as %s', (country, postcode, kept) => {
  expect(checkAddress({ ...address, country, postcode }, PATH).postcode).toBe(kept);
});

test('the length of a postal code is that of its stored form, so that a stored one is accepted again', () => {
  expect(refusalOf({ country: 'AE', postcode: 'ﷺ'.repeat(200) })).toEqual(refusedAt('postcode'));
  const kept = checkAddress({ ...address, country: 'AE', postcode: 'ﷺ'.repeat(11) }, PATH);
  expect(checkAddress(kept, PATH)).toEqual(kept);
});

test('the limit of its texts in the graph is on what was written, and leaves room for what is removed', async () => {
  const typeDefs = typeDefsOf(`
    type Query { hello: String }
    type Mutation { send(input: SendInput!): SendPayload }
    input SendInput { to: AddressInput! }
    type SendPayload { to: Address userErrors: [UserError!]! }
  `);
  const send = (_: unknown, { input }: { input: { to: GivenAddress } }) =>
    payload(async () => ({ to: checkAddress(input.to, ['input', 'to']) }));
  const subgraph = createSubgraph('small', typeDefs, resolversOf(typeDefs, { Mutation: { send } }));
  const query = 'mutation ($to: AddressInput!) { send(input: { to: $to }) { to { line1 } userErrors { path } } }';
  const sent = async (line1: string) => {
    const context = { actor: ANONYMOUS, correlationId: 'req_1' };
    return (await subgraph.execute({ query, variables: { to: { ...address, line1 } } }, context)).data?.send;
  };
  const line1 = '서울특별시 종로구 '.repeat(20).trim();
  for (const written of [`  ${line1} `, line1.normalize('NFD'), line1.replaceAll(' ', ' \n ')])
    expect(await sent(written)).toEqual({ to: { line1 }, userErrors: [] });
  for (const long of ['x'.repeat(201), 'x'.repeat(1001)])
    expect(await sent(long)).toEqual({ to: null, userErrors: [{ path: ['input', 'to', 'line1'] }] });
});
