/**
 * Whether a committed transaction was committed already when a snapshot was taken, as `pg_visible_in_snapshot` decides.
 * @param snapshot a `pg_snapshot` as text: `xmin:xmax:xid,xid…`
 */
export function isSeenBy(snapshot: string, xid: string): boolean {
  const [xmin, xmax, running = ''] = snapshot.split(':');
  const id = BigInt(xid);
  if (id < BigInt(xmin!)) return true;
  return id < BigInt(xmax!) && !running.split(',').includes(xid);
}
