/** Statements of an idle process in PostgreSQL: the same however many agents it has. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { countStatements, type Statements } from '../support/statements.ts';

const SECONDS = 10;
/**
 * Most statements a second of a process with every agent and the sagas' engine, which sends three of them by itself.
 */
const MOST = 20;

let shop: TestPlatform;
let counted: Statements;
beforeAll(async () => {
  counted = countStatements();
  shop = await openPlatform();
});
afterAll(async () => {
  await shop?.close();
  counted?.stop();
});

test(`an idle process asks PostgreSQL below ${MOST} statements a second`, async () => {
  // The start publishes events, which are read by their consumers first.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  counted.reset();
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const perSecond = (counted.count * 1000) / (performance.now() - begun);
  const often = Object.entries(Object.groupBy(counted.texts, (text) => text.replace(/\s+/g, ' ').slice(0, 100)));
  const list = often.map(([text, all]) => `${all!.length} ${text}`).sort((a, b) => parseInt(b, 10) - parseInt(a, 10));
  expect({ list, isMany: perSecond >= MOST }).toEqual({ list, isMany: false });
});
