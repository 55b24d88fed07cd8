/**
 * `@requires`, in chains and with objects, `@provides`, `@shareable` and `@override`: which subgraph's field is asked
 * for, and with what.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { federated, type Federated } from './federated.ts';

interface Parcel {
  id: string;
  weight?: number;
  size?: { width: number; height: number };
  postage?: number;
}
const PARCELS: Parcel[] = [
  { id: 'p1', weight: 3, size: { width: 2, height: 5 } },
  { id: 'p2', weight: 7, size: { width: 1, height: 1 } },
];
const reference = (parcel: Parcel) => ({ ...parcel });

let graph: Federated;
beforeAll(async () => {
  graph = await federated({
    depot: {
      sdl: `
        type Query { parcels: [Parcel!]! }
        type Parcel @key(fields: "id") { id: ID! weight: Int size: Size label: String depot: String @shareable }
        type Size { width: Int! height: Int! }`,
      resolvers: {
        Query: { parcels: () => PARCELS },
        Parcel: {
          __resolveReference: ({ id }: Parcel) => ({ ...PARCELS.find((parcel) => parcel.id === id) }),
          label: () => 'of the depot',
          depot: () => 'north',
        },
      },
    },
    post: {
      sdl: `
        type Parcel @key(fields: "id") {
          id: ID!
          weight: Int @external
          size: Size @external
          postage: Int @requires(fields: "weight")
          area: Int @requires(fields: "size { width height }")
          label: String @override(from: "depot")
        }
        type Size { width: Int! @external height: Int! @external }`,
      resolvers: {
        Parcel: {
          __resolveReference: reference,
          postage: ({ weight }: Parcel) => weight! * 10,
          area: ({ size }: Parcel) => size!.width * size!.height,
          label: () => 'of the post',
        },
      },
    },
    customs: {
      sdl: `
        type Query { held: Parcel @provides(fields: "depot") }
        type Parcel @key(fields: "id") {
          id: ID!
          postage: Int @external
          depot: String @external
          duty: Int @requires(fields: "postage")
        }`,
      resolvers: {
        Query: { held: () => ({ id: 'p2', depot: 'told by customs' }) },
        Parcel: { __resolveReference: reference, duty: ({ postage }: Parcel) => postage! + 1 },
      },
    },
  });
});
afterAll(() => graph.close());

test("a field is computed from another subgraph's field that was not asked for, and that is not in the answer", async () => {
  expect(await graph.ask('{ parcels { postage } }')).toEqual({ data: { parcels: [{ postage: 30 }, { postage: 70 }] } });
});

test('a chain: the required field requires another itself', async () => {
  expect(await graph.ask('{ parcels { id duty } }')).toEqual({
    data: {
      parcels: [
        { id: 'p1', duty: 31 },
        { id: 'p2', duty: 71 },
      ],
    },
  });
  expect(graph.asked.map(({ part }) => part)).toEqual(['depot', 'post', 'customs']);
});

test('a chain that begins and ends in the same subgraph', async () => {
  expect(await graph.ask('{ held { duty postage area } }')).toEqual({
    data: { held: { duty: 71, postage: 70, area: 1 } },
  });
});

test('fields of an object are required', async () => {
  expect(await graph.ask('{ parcels { area size { width } } }')).toEqual({
    data: {
      parcels: [
        { area: 10, size: { width: 2 } },
        { area: 1, size: { width: 1 } },
      ],
    },
  });
});

test('a field that another provides is not fetched from its owner', async () => {
  expect(await graph.ask('{ held { depot } }')).toEqual({ data: { held: { depot: 'told by customs' } } });
  expect(graph.asked.map(({ part }) => part)).toEqual(['customs']);
});

test('an overridden field is fetched from the subgraph that overrides it', async () => {
  expect(await graph.ask('{ parcels { label } }')).toEqual({
    data: { parcels: [{ label: 'of the post' }, { label: 'of the post' }] },
  });
});
