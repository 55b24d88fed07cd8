/** A place in the event log. */
export interface Cursor {
  /** The transaction that wrote the event: 64 bits, hence text. */
  xid: string;
  /** The event's number, in no order between transactions: 64 bits, hence text. */
  position: string;
}

/** The start of the log, before every event. */
export const START: Cursor = { xid: '0', position: '0' };

/** Encodes a cursor as an opaque resume token for clients. `generation` tells a log from its successor after a restore. */
export const encodeCursor = ({ xid, position }: Cursor, generation: string): string =>
  `${generation}.${xid}.${position}`;

/** The only text of a number in a cursor: PostgreSQL reads an xid8 with a leading zero as octal. */
const NUMBER = String.raw`(0|[1-9]\d{0,19})`;
const CURSOR = new RegExp(String.raw`^([\da-f]{8})\.${NUMBER}\.${NUMBER}$`);

/** Decodes a client's resume token; undefined if it is not one of our cursors. */
export function decodeCursor(text: string): (Cursor & { generation: string }) | undefined {
  const match = CURSOR.exec(text);
  const isIn64Bits = match && BigInt(match[2]!) < 2n ** 64n && BigInt(match[3]!) < 2n ** 63n;
  return isIn64Bits ? { generation: match[1]!, xid: match[2]!, position: match[3]! } : undefined;
}

/** Whether two cursors are equal. */
export const isSame = (a: Cursor, b: Cursor): boolean => a.xid === b.xid && a.position === b.position;

/** Whether a cursor lies behind another. */
export const isAfter = (a: Cursor, b: Cursor): boolean =>
  a.xid === b.xid ? BigInt(a.position) > BigInt(b.position) : BigInt(a.xid) > BigInt(b.xid);
