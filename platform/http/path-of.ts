import type { IncomingMessage } from 'node:http';

/** The path that a request asks for. Empty, which is nobody's, where there is none: `GET //` is HTTP, but no URL. */
export const pathOf = ({ url = '/' }: Pick<IncomingMessage, 'url'>): string =>
  URL.parse(url, 'http://localhost')?.pathname ?? '';
