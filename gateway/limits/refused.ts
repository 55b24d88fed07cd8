/**
 * Status of a request that is refused for its form. It is 400 also where the client takes `application/json`, with
 * which GraphQL over HTTP answers 200 to most errors: monitoring and proxies are to see it.
 */
export const refused = (): { status: number; spec: boolean } => ({ status: 400, spec: false });
