import type { Endings } from '../../platform/endings.ts';

/** A second signal of the same Ctrl-C must not cut the first one's work short. */
const REPEAT_MS = 500;
/** How long an aborted start may take to notice. */
const NOTICE_MS = 2000;

/**
 * Ends all that was begun, and then the process, at SIGINT, SIGTERM or SIGHUP (the terminal was closed); at the second
 * signal at once.
 * @param who the name that is reported as stopping.
 * @param starting the start, if one is under way.
 */
export function stopOnSignal(who: string, endings: Endings, starting: () => Promise<unknown> | undefined): void {
  let stoppingSince: number | undefined;
  const onSignal = async (): Promise<void> => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > REPEAT_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    console.log(`${who} is stopping.`);
    await endings.stop();
    // Parts that a start under way still begins are ended as they begin.
    await Promise.race([starting()?.catch(() => {}), new Promise((resolve) => setTimeout(resolve, NOTICE_MS))]);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal());
}
