/** Aliases of a client change nothing of what agents ask of one another, and the other way round. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { federated, type Federated } from './federated.ts';

interface Parcel {
  id: string;
  weight?: number;
  parts?: { size: number }[];
}
const PARCELS: Parcel[] = [{ id: 'p1', weight: 3 }];

let graph: Federated;
beforeAll(async () => {
  graph = await federated({
    depot: {
      sdl: `
        type Query { parcels: [Parcel!]! }
        type Parcel @key(fields: "id") { id: ID! label: String! weight(unit: String): Int parts: [Part!] broken: Int }
        type Part { size(times: Int = 1): Int }`,
      resolvers: {
        Query: { parcels: () => PARCELS },
        Parcel: {
          __resolveReference: ({ id }: Parcel) => PARCELS.find((parcel) => parcel.id === id),
          label: ({ id }: Parcel) => `label of ${id}`,
          weight: ({ weight }: Parcel, { unit }: { unit?: string }) => (unit === 'g' ? weight! * 1000 : weight),
          parts: () => [{ size: 2 }],
          broken: () => {
            throw new Error('broken');
          },
        },
        Part: { size: ({ size }: { size: number }, { times }: { times: number }) => size * times },
      },
    },
    post: {
      sdl: `
        type Parcel @key(fields: "id") {
          id: ID!
          weight(unit: String): Int @external
          parts: [Part!] @external
          postage: Int @requires(fields: "weight")
          size: Int @requires(fields: "parts { size(times: 3) }")
        }
        type Part { size(times: Int = 1): Int @external }`,
      resolvers: {
        Parcel: {
          __resolveReference: (parcel: Parcel) => ({ ...parcel }),
          postage: ({ weight }: Parcel) => weight! * 10,
          size: ({ parts }: Parcel) => parts![0]!.size,
        },
      },
    },
  });
});
afterAll(() => graph.close());

const first = async (fields: string, variables?: Record<string, unknown>, head = '') =>
  (await graph.ask(`query Asked ${head} { parcels { ${fields} } }`, variables)).data.parcels[0];

describe('beside a field of another agent, which is fetched by key', () => {
  test.each([
    ['id: label', { id: 'label of p1' }],
    ['id: weight', { id: 3 }],
    ['__typename: label', { __typename: 'label of p1' }],
    ['__asked_id: label id: weight', { __asked_id: 'label of p1', id: 3 }],
  ])('%s is answered as asked', async (fields, expected) => {
    expect(await first(`${fields} postage`)).toEqual({ ...expected, postage: 30 });
  });
});

describe('beside a field that requires one of the same name', () => {
  test.each([
    ['weight: label', { weight: 'label of p1' }],
    ['weight(unit: "g")', { weight: 3000 }],
    ['kilos: weight weight(unit: $unit)', { kilos: 3, weight: 3000 }],
    ['... on Parcel { weight(unit: "g") } ...Same', { weight: 3000 }],
  ])('%s is answered as asked, and the requiring field is computed as ever', async (fields, expected) => {
    const document = `query One { parcels { id } } query Asked($unit: String) { parcels { ${fields} postage a: weight(unit: $unit) ...Same } }
      fragment Same on Parcel { ${fields.includes('"g"') ? 'weight(unit: "g")' : '__typename'} }`;
    const response = await fetch(graph.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: document, operationName: 'Asked', variables: { unit: 'g' } }),
    });
    const { data } = (await response.json()) as { data: { parcels: object[] } };
    const { __typename, ...parcel } = data.parcels[0] as Record<string, unknown>;
    expect(parcel).toEqual({ ...expected, postage: 30, a: 3000 });
  });

  test('the required field may be asked for with other arguments, or with none', async () => {
    expect(await first('parts { size } size')).toEqual({ parts: [{ size: 2 }], size: 6 });
    expect(await first('size parts { size(times: 10) }')).toEqual({ parts: [{ size: 20 }], size: 6 });
  });
});

test("the gateway's own field, where nothing else may be left, does not hinder a client's field of that name", async () => {
  const query = 'query ($no: Boolean!) { parcels { parts @include(if: $no) { size } __anchor: label @skip(if: $no) } }';
  expect((await graph.ask(query, { no: false })).data).toEqual({ parcels: [{ __anchor: 'label of p1' }] });
});

test("an error is told under the client's alias, and the fields stand in the client's order", async () => {
  const { data, errors } = await graph.ask('{ parcels { weight: broken id: label a: id } }');
  expect(JSON.stringify(data)).toBe('{"parcels":[{"weight":null,"id":"label of p1","a":"p1"}]}');
  expect(errors!.map(({ path }) => path)).toEqual([['parcels', 0, 'weight']]);
});
