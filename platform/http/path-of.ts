import type { IncomingMessage } from 'node:http';

/** The path of a request. Empty, which matches no route, if it has none: `GET //` is HTTP, but no URL. */
export const pathOf = ({ url = '/' }: Pick<IncomingMessage, 'url'>): string =>
  URL.parse(url, 'http://localhost')?.pathname ?? '';
