/**
 * Runs work under a deadline: its signal, which it must heed, aborts with `outer`, and with `late()` at the timeout.
 */
export async function withDeadline<T>(
  ms: number,
  outer: AbortSignal | undefined,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const own = new AbortController();
  // By hand: AbortSignal.any and AbortSignal.timeout cost more than the request's own work.
  const forward = (): void => own.abort(outer!.reason);
  outer?.addEventListener('abort', forward, { once: true });
  const timer = setTimeout(() => own.abort(late()), ms);
  try {
    return await work(own.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', forward);
  }
}
