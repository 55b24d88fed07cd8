/** The system's Chromium, for tests that need a real browser. */
import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';

/** Debian's path of it; `CHROMIUM` names another. */
const PATH = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Chromium would otherwise ask its maker for news. `--no-sandbox` because in CI we are root. */
const QUIET = [
  'no-sandbox',
  'disable-gpu',
  'disable-quic',
  'no-first-run',
  'disable-background-networking',
  'disable-component-update',
  'disable-sync',
];

/** Starts it, without a window. */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: PATH, headless: true, args: QUIET.map((flag) => `--${flag}`) });

/** `describe` where there is a Chromium; elsewhere its tests are reported as skipped. */
export const describeInBrowser: typeof describe | typeof describe.skip = existsSync(PATH) ? describe : describe.skip;

if (!existsSync(PATH))
  process.stderr.write(
    `\nNO CHROMIUM at ${PATH}: the tests in a browser are SKIPPED. Install it, or set CHROMIUM.\n\n`,
  );
