/** Requests of an attacker who wants to keep us busy. For a test, and for a benchmark, of any gateway of ours. */

/** A request, and the code with which it is to be refused. */
export interface HostileRequest {
  name: string;
  body: string;
  code: string;
}

const repeat = (count: number, one: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => one(n)).join(' ');
const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);
const post = (query: string, variables?: object): string => JSON.stringify({ query, variables });
/** Each fragment spreads the next one twice: written out, `2 ** levels` fields. */
const doubling = (levels: number): string =>
  `{ ...F0 } ${repeat(levels, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F${levels} on Query { __typename }`;

const TOO_LARGE = 'OPERATION_TOO_LARGE';
const INVALID = 'GRAPHQL_VALIDATION_FAILED';

/** All hostile requests. The variables fit `query ($v: JSON)`, so they reach no resolver. */
export const HOSTILE: readonly HostileRequest[] = [
  { name: 'a depth of 1,000', body: post(nested(1000, '{ a ', '}')), code: TOO_LARGE },
  { name: 'lists 20,000 deep as an argument', body: post(`{ a(b: ${nested(20_000, '[', ']')}) }`), code: TOO_LARGE },
  { name: '10,000 aliases', body: post(`{ ${repeat(10_000, (n) => `a${n}: __typename`)} }`), code: TOO_LARGE },
  { name: '1,000 aliases', body: post(`{ ${repeat(1000, (n) => `a${n}: __typename`)} }`), code: TOO_LARGE },
  { name: 'one field 3,000 times', body: post(`{ ${repeat(3000, () => '__typename')} }`), code: TOO_LARGE },
  {
    name: 'one field 600 times in inline fragments',
    body: post(`{ ${repeat(600, () => '... { __typename }')} }`),
    code: TOO_LARGE,
  },
  { name: '10,000 directives', body: post(`{ __typename ${repeat(10_000, () => '@a')} }`), code: TOO_LARGE },
  { name: '1,000 directives', body: post(`{ __typename ${repeat(1000, () => '@skip(if: false)')} }`), code: TOO_LARGE },
  { name: 'a document of 1 MB', body: post(`{ ${'__typename '.repeat(90_000)} }`), code: TOO_LARGE },
  { name: 'a body of 1.5 MB', body: post(' '.repeat(1_500_000)), code: 'REQUEST_ENTITY_TOO_LARGE' },
  {
    name: '1,000 operations in one request',
    body: JSON.stringify(Array.from({ length: 1000 }, () => ({ query: '{ __typename }' }))),
    code: 'BAD_REQUEST',
  },
  {
    name: 'circular fragments',
    body: post('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'),
    code: INVALID,
  },
  { name: 'fragments that double 40 times', body: post(doubling(40)), code: TOO_LARGE },
  {
    name: 'introspection within introspection',
    body: post(
      `{ __schema { types ${nested(4, '{ fields { type ', '} }').replace('{ fields { type } }', '{ fields { name } }')} } }`,
    ),
    code: INVALID,
  },
  {
    name: 'a list of 100,000 in the variables',
    body: post('query ($v: [Int]) { __typename }', { v: Array.from({ length: 100_000 }, (_, n) => n) }),
    code: TOO_LARGE,
  },
  {
    name: 'variables 1,000 deep',
    body: `{"query":"query ($v: Int) { __typename }","variables":{"v":${nested(1000, '[', ']')}}}`,
    code: TOO_LARGE,
  },
  {
    name: 'a key `__proto__` in the variables',
    body: '{"query":"query ($v: Int) { __typename }","variables":{"v":{"__proto__":{"isAdmin":true}}}}',
    code: 'BAD_REQUEST',
  },
  { name: 'a name that is a pattern, where none fits', body: post(`{ ${'a'.repeat(30_000)} }`), code: INVALID },
  { name: 'a string that never ends', body: post(`{ a(b: "${'\\"'.repeat(20_000)}`), code: 'GRAPHQL_PARSE_FAILED' },
];
