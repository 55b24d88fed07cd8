/**
 * Whether a transaction was committed when a snapshot was taken, as `pg_visible_in_snapshot` says it of one that has
 * been committed since.
 * @param snapshot a `pg_snapshot` as text: `xmin:xmax:xid,xid…`
 */
export function isSeenBy(snapshot: string, xid: string): boolean {
  const [xmin, xmax, running = ''] = snapshot.split(':');
  const id = BigInt(xid);
  if (id < BigInt(xmin!)) return true;
  return id < BigInt(xmax!) && !running.split(',').includes(xid);
}
