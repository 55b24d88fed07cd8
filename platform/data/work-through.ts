/**
 * Works on each row of a list that is read page by page, one after another. A row whose work fails does not block those
 * after it, however many fail.
 * @param pageAfter reads the next rows behind the given one, in one order; none at the end
 * @throws the first failure, once all rows were tried
 */
export async function workThrough<Row>(
  pageAfter: (last: Row | undefined) => Promise<readonly Row[]>,
  work: (row: Row) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const failed: unknown[] = [];
  for (let page = await pageAfter(undefined); page.length > 0; page = await pageAfter(page.at(-1)))
    for (const row of page) {
      if (signal.aborted) return;
      await work(row).catch((error: unknown) => failed.push(error));
    }
  if (failed.length > 0) throw failed[0];
}
