/** GraphiQL as its user sees it: tabs, editors, a button, an answer. */
import type { Browser, Page } from 'playwright-core';
import { untilAnswer } from '../support/until.ts';

/** An open GraphiQL, with the requests that it made. */
export interface GraphiqlPage {
  tabs(): Promise<string[]>;
  go(tab: string): Promise<void>;
  /** Replaces the content of an editor. */
  write(editor: 'Variables' | 'Headers', value: object): Promise<void>;
  run(): Promise<void>;
  reload(): Promise<void>;
  /** Resolves once the answer on the screen contains all of these. @throws Error with the answer, after 15 seconds */
  shows(...texts: string[]): Promise<string>;
  /** Origins of all requests: `http://127.0.0.1:1234`, `blob:`, ... */
  readonly origins: ReadonlySet<string>;
  /** Messages that it sent over sockets. */
  readonly sent: readonly { type: string; payload: Record<string, unknown> }[];
  /** Errors that the browser reported: of scripts, and of resources that its policy forbids. */
  readonly complaints: readonly string[];
}

/** Opens GraphiQL in a browser that has never seen it. The window is so high that an answer fits in. */
export async function openGraphiql(browser: Browser, url: string): Promise<GraphiqlPage> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 2400 } });
  const heard = listen(page);
  const isReady = () => page.locator('.graphiql-query-editor .view-line').first().waitFor();
  await page.goto(url);
  await isReady();
  const answer = () => page.locator('.result-window .view-line').evaluateAll(textOf);
  return {
    ...heard,
    tabs: () => page.getByRole('tab').allInnerTexts(),
    async go(tab) {
      await page.getByRole('tab', { name: tab }).getByRole('button', { name: tab }).click();
      await page.locator('.graphiql-query-editor', { hasText: tab }).waitFor();
      await page.waitForTimeout(300); // GraphiQL reads what it is to run a moment after it shows it.
    },
    async write(editor, value) {
      await page.getByRole('button', { name: editor, exact: true }).click();
      await page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines').click();
      await page.keyboard.press('Control+A');
      await page.locator('*:focus').evaluate(paste, JSON.stringify(value));
    },
    run: () => page.locator('.graphiql-execute-button').click(),
    async reload() {
      await page.reload();
      await isReady();
    },
    shows: (...texts) =>
      untilAnswer(answer, (text) => texts.every((part) => text.includes(part)), `it does not show ${texts.join(', ')}`),
  };
}

/**
 * Text of the editor, read in the browser. Its lines stand in no order, each at its own height, and with non-breaking
 * spaces.
 */
const textOf = (lines: Element[]): string =>
  lines
    .toSorted((a, b) => a.getBoundingClientRect().y - b.getBoundingClientRect().y)
    .map((line) => line.textContent.replaceAll('\u00a0', ' '))
    .join('\n');

/** Pastes text in the browser. Typed, the editor would close brackets and quotes of its own accord. */
function paste(editor: { dispatchEvent(event: Event): boolean }, text: string): void {
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', text);
  editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
}

function listen(page: Page) {
  const origins = new Set<string>();
  const sent: { type: string; payload: Record<string, unknown> }[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    origins.add(protocol.startsWith('http') ? origin : protocol);
  });
  page.on('websocket', (socket) => {
    origins.add(new URL(socket.url()).origin);
    socket.on('framesent', ({ payload }) => sent.push(JSON.parse(String(payload))));
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  return { origins, sent, complaints };
}
