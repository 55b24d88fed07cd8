/**
 * GraphiQL, served from our own package so that it works offline. Its bundle gives a WebSocket no headers, only
 * connection parameters fixed when the page is rendered; so it subscribes by SSE over POST on the same path, which
 * carries whatever stands in the headers editor.
 */
import type { GraphiQLOptions } from 'graphql-yoga';

/** A tab that is there when GraphiQL opens. */
export interface GraphiqlTab {
  query: string;
  /** JSON. */
  variables?: string;
}

/** Empty, so that it shows where the token goes; an empty one counts as none. */
const HEADERS = JSON.stringify({ authorization: '' }, null, 2);

/** What GraphiQL is rendered with. */
export const graphiqlOptions = (tabs: readonly GraphiqlTab[]): GraphiQLOptions => ({
  title: 'Agora',
  subscriptionsProtocol: 'GRAPHQL_SSE',
  defaultTabs: tabs.map(({ query, variables }) => ({ query, variables, headers: HEADERS })),
  defaultHeaders: HEADERS,
  headers: HEADERS,
});
