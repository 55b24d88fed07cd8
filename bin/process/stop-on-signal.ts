import type { Endings } from '../../platform/endings.ts';

/** A second signal of the same Ctrl-C must not cut the first one's work short. */
const REPEAT_MS = 500;
/** How long a start that was cut short may take to notice. */
const NOTICE_MS = 2000;

/**
 * Ends what was begun, and then the process, at SIGINT, SIGTERM or SIGHUP (the terminal was closed); at the second one at once.
 * @param who says that it is stopping.
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
    // Of a start that was under way, what it still begins is ended as it begins.
    await Promise.race([starting()?.catch(() => {}), new Promise((resolve) => setTimeout(resolve, NOTICE_MS))]);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal());
}
