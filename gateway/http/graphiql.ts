/**
 * GraphiQL, from our own packages and nowhere else, so that it works offline. The bundle's own renderer gives a
 * WebSocket no headers, only connection parameters fixed when the page is rendered; its GraphiQL takes a `fetcher`
 * though, so the page is ours, and so is the fetcher: it sends what stands in the headers editor with every request
 * and as the payload of every socket's `connection_init`.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A tab that is there when GraphiQL opens. GraphiQL calls it by the name of its operation. */
export interface GraphiqlTab {
  query: string;
  /** JSON. */
  variables?: string;
  /** JSON. */
  headers?: string;
}

/** Headers of a signed-in tab. The fetcher puts the token of the last sign-in in. */
export const SIGNED_IN = JSON.stringify({ authorization: 'Bearer {{accessToken}}' }, null, 2);

const FETCHER = new URL('./graphiql-fetcher.mjs', import.meta.url);
const GRAPHQL_WS = join(createRequire(import.meta.url).resolve('graphql-ws'), '../../umd/graphql-ws.min.js');

/** The page with these tabs. Its parts weigh 9 MB, so they are loaded only when a browser asks. */
export async function renderGraphiql(tabs: readonly GraphiqlTab[]): Promise<string> {
  const { css, favicon, js, ...workers } = await import('@graphql-yoga/render-graphiql/graphiql');
  const { editorWorkerService, jsonWorker: json, graphqlWorker: graphql } = workers;
  const nonce = randomBytes(16).toString('base64');
  const script = (text: string, type = 'text/javascript'): string =>
    `<script type="${type}" nonce="${nonce}">${text}</script>`;
  const options = {
    title: 'Agora',
    defaultTabs: tabs,
    defaultHeaders: SIGNED_IN,
    defaultEditorToolsVisibility: 'variables',
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(nonce)}">
<title>Agora</title>
<link rel="icon" href="${favicon}">
<style>${css}${STILL_TABS}${NO_LIGATURES}</style>
</head>
<body class="no-focus-outline">
<noscript>GraphiQL needs JavaScript.</noscript>
<div id="root"></div>
${script(workersScript({ editorWorkerService, json, graphql }))}
${script(js)}
${script(await readFile(GRAPHQL_WS, 'utf8'))}
${script(`${await readFile(FETCHER, 'utf8')}\n${startScript(options)}`, 'module')}
</body>
</html>`;
}

/**
 * The bundle's tabs keep the transforms with which they came in, and its style shows them to the tab that has focus: it
 * would jump away from under the mouse, and the first click on it would be lost.
 */
const STILL_TABS = '.graphiql-tab { transform: none !important; }';

/**
 * GraphiQL's font has ligatures, which make one sign of `9x1`, as in an id: an id that is copied by eye is then
 * another.
 */
const NO_LIGATURES =
  '* { font-variant-ligatures: none !important; font-feature-settings: "calt" 0, "liga" 0 !important; }';

/**
 * Content Security Policy of the page: it loads itself, and data from its own origin. A third party it cannot even ask.
 */
const contentSecurityPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    "connect-src 'self'",
    `script-src 'nonce-${nonce}' blob:`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

const workersScript = (workers: Record<string, string>): string => `
const workers = ${inScript(workers)};
for (const label in workers) workers[label] = URL.createObjectURL(new Blob([workers[label]], { type: 'text/javascript' }));
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_, label) => workers[label] };`;

/**
 * GraphiQL keeps its tabs, pasted tokens among them, for as long as this window is open: a new one has the ready tabs.
 * It must be told what stands in the active one, or it opens an empty tab beside those that it kept.
 */
const startScript = (options: { defaultTabs: readonly GraphiqlTab[] }): string => `
const options = ${inScript(options)};
const kept = JSON.parse(sessionStorage.getItem('graphiql:tabState'));
const active = kept ? kept.tabs[kept.activeTabIndex] : options.defaultTabs[0];
YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
  ...options,
  storage: sessionStorage,
  initialQuery: new URLSearchParams(location.search).get('query') ?? active?.query,
  initialVariables: active?.variables ?? '',
  initialHeaders: active?.headers ?? '',
  fetcher: createFetcher(location.origin + location.pathname, graphqlWs.createClient),
});`;

/** JSON that cannot end the script in which it stands. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
