/**
 * Runs in the browser, between GraphiQL and the gateway: queries and mutations by POST, subscriptions over a WebSocket,
 * both with the headers of the headers editor.
 *
 * So that no token need be copied, `{{accessToken}}` and `{{orderId}}` in headers and variables stand for the values in
 * the last answer that had one. A header whose placeholder has no value is not sent; such a variable is null. They are
 * kept in memory, so they are gone when the page is.
 */

/** The function that GraphiQL calls with each operation. `createClient` is that of graphql-ws. */
export function createFetcher(url, createClient) {
  const known = {};

  const filled = (value) =>
    JSON.parse(JSON.stringify(value ?? {}), (_, text) => (typeof text === 'string' ? fill(text, known) : text));

  async function post(request, headers) {
    const accept = 'application/graphql-response+json, application/json';
    const init = { method: 'POST', headers: { accept, 'content-type': 'application/json', ...headers } };
    const response = await fetch(url, { ...init, body: JSON.stringify(request) });
    const answer = await response.json();
    remember(known, answer.data);
    return answer;
  }

  /** A socket per subscription, as the headers may differ. It does not reconnect: its events would begin anew. */
  function subscribe(request, headers) {
    const client = createClient({
      url: url.replace(/^http/, 'ws'),
      connectionParams: headers,
      connectionAckWaitTimeout: 10_000,
      retryAttempts: 0,
    });
    return {
      subscribe: (sink) => ({
        unsubscribe: client.subscribe(request, { ...sink, error: (error) => sink.error(explained(error)) }),
      }),
    };
  }

  return ({ query, operationName, variables }, { headers, documentAST } = {}) => {
    const request = { query, operationName, variables: filled(variables) };
    const send = isSubscription(documentAST, operationName) ? subscribe : post;
    return send(request, named(filled(headers)));
  };
}

const fill = (text, known) => {
  const [place, name] = /\{\{(accessToken|orderId)\}\}/.exec(text) ?? [];
  if (!place) return text;
  return known[name] ? text.replace(place, () => known[name]) : null;
};

/** Remembers the token and the order of any field that signed in or ordered, under any alias. */
function remember(known, data) {
  for (const payload of Object.values(data ?? {})) {
    known.accessToken = payload?.accessToken ?? known.accessToken;
    known.orderId = payload?.order?.id ?? known.orderId;
  }
}

/** Header names in lower case, as the gateway reads them in `connection_init`; over HTTP it is all the same. */
const named = (headers) =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [[name.toLowerCase(), value]])),
  );

const isSubscription = (document, operationName) =>
  document?.definitions.some(
    ({ operation, name }) => operation === 'subscription' && (!operationName || name?.value === operationName),
  );

/** A browser's CloseEvent shows nothing of itself when it is printed. */
const explained = (error) =>
  typeof error?.code === 'number' ? new Error(`The socket was closed with ${error.code}: ${error.reason}`) : error;
