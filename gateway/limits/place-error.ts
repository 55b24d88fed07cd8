import { GraphQLError } from 'graphql';

/** Seconds after which a place among the requests of an address may be free again. */
const RETRY_AFTER_SECONDS = 1;
/** Header of the refusal of such a request. */
export const PLACE_RETRY = { 'retry-after': String(RETRY_AFTER_SECONDS) };

/** Error of a request whose address has too many under way: 429, with `PLACE_RETRY`. Nothing was executed. */
export const tooManyRequests = (most: number): GraphQLError =>
  new GraphQLError(
    `Too many requests are under way from your address: ${most.toLocaleString('en')} at once are allowed. Nothing was ` +
      'executed: wait for some to be answered, then send it again.',
    {
      extensions: {
        code: 'RATE_LIMITED',
        policy: 'requests-under-way',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      },
    },
  );

/** What a client is told whose address has too many streams open. */
export const tooManyStreamsMessage = (most: number): string =>
  `Too many streams are open from your address: ${most.toLocaleString('en')} are allowed, WebSockets and server-sent ` +
  'events together. End one that is not needed, or open several subscriptions on one WebSocket.';

/** Error of a subscription by server-sent events whose address has too many streams open. */
export const tooManyStreams = (most: number): GraphQLError =>
  new GraphQLError(tooManyStreamsMessage(most), {
    extensions: { code: 'RATE_LIMITED', policy: 'streams', http: { status: 429, spec: false } },
  });
