/**
 * The status of a request that is refused for what it is. Also where the client takes `application/json`, with which
 * GraphQL over HTTP answers 200 to most of what goes wrong: whoever watches a gateway, or stands before it, is to see it.
 */
export const refused = (): { status: number; spec: boolean } => ({ status: 400, spec: false });
