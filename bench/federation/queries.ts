/** The queries, each of a page that a shop would have. */
export const QUERIES = {
  one: 'query One($id: ID!) { product(id: $id) { id name price category } }',
  five: `query Five($id: ID!) { order(id: $id) { id status customer { id name }
    lines { quantity product { id name price inStock postage stars reviews { stars text } } } } }`,
  list: `query List($first: Int = 10) { orders(first: $first) { id status customer { id name }
    lines { quantity product { id name price category inStock stars } } } }`,
} as const;

/** Name of a query. */
export type QueryName = keyof typeof QUERIES;

/** The body of the n-th request: the product or order varies, the document does not. */
export const bodyOf = (name: QueryName, n: number): string =>
  JSON.stringify({
    query: QUERIES[name],
    variables: name === 'list' ? { first: 10 } : { id: name === 'one' ? `p${n % 100}` : `o${n % 100}` },
  });

/**
 * The same with another document for each n, up to so many, by another alias, so that no document comes twice in a row.
 */
export const variedBodyOf = (name: QueryName, n: number): string =>
  bodyOf(name, n).replace('{ id ', `{ id a${n % 50}: id `);
