/**
 * Counts statements of a test's own process in PostgreSQL, and transactions that wrote something. By a hook on the
 * driver, so that nothing is left out, neither Kysely's SQL nor DBOS's.
 */
import pg from 'pg';

/** One committed transaction that wrote, or one statement outside a transaction that did. */
export interface Commit {
  /**
   * Its writes: `insert order.orders`, `update platform.log_cursor`, `call platform.start_saga`. In order, each once.
   */
  writes: string[];
  /** Number of its statements, reads included, `begin` and `commit` left out. */
  statements: number;
}

/** The counts since the last reset. */
export interface Statements {
  /** Every statement, `begin` and `commit` left out. */
  readonly texts: string[];
  /** Number of statements, with `begin` and `commit`. */
  readonly count: number;
  /** In the order in which they were committed. */
  readonly commits: Commit[];
  reset(): void;
  /** Ends the counting. */
  stop(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: pg has a dozen overloads of `query`
type Query = (this: pg.Client, ...call: any[]) => any;

const BORDER = /^\s*(begin|commit|rollback|start transaction|savepoint|release)\b/i;
const WRITE =
  /\b(insert\s+into|update|delete\s+from)\s+((?:"?\w+"?\.)?"?\w+"?)|\b(platform\.start_saga|dbos\.send_message)\s*\(/gi;

/** Starts counting, on all connections of this process. */
export function countStatements(): Statements {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const original = prototype.query;
  const texts: string[] = [];
  let count = 0;
  const commits: Commit[] = [];
  /** Each connection's open transaction so far. */
  const open = new WeakMap<pg.Client, Commit>();

  const note = (client: pg.Client, text: string, rowCount: number): void => {
    count++;
    const word = BORDER.exec(text)?.[1]?.toLowerCase();
    if (!word) texts.push(text);
    if (word === 'begin' || word === 'start transaction') return void open.set(client, { writes: [], statements: 0 });
    if (word === 'rollback' && !/\bto\b/i.test(text)) return void open.delete(client);
    if (word === 'commit') {
      const { writes, statements } = open.get(client) ?? { writes: [], statements: 0 };
      open.delete(client);
      if (writes.length > 0) commits.push({ writes: [...new Set(writes)], statements });
      return;
    }
    const writes = rowCount > 0 ? writesOf(text) : [];
    const transaction = open.get(client);
    if (transaction) {
      transaction.writes.push(...writes);
      transaction.statements++;
    } else if (writes.length > 0) commits.push({ writes: [...new Set(writes)], statements: 1 });
  };

  prototype.query = function (...call) {
    const [config] = call;
    const text: unknown = typeof config === 'string' ? config : config?.text;
    if (typeof text !== 'string') return original.apply(this, call);
    const position = call.findLastIndex((argument) => typeof argument === 'function');
    if (position >= 0) {
      const callback = call[position];
      call[position] = (error: unknown, result: pg.QueryResult) => {
        if (!error) note(this, text, result?.rowCount ?? 0);
        callback(error, result);
      };
      return original.apply(this, call);
    }
    return original.apply(this, call).then((result: pg.QueryResult) => {
      note(this, text, result?.rowCount ?? 0);
      return result;
    });
  };

  return {
    texts,
    commits,
    get count() {
      return count;
    },
    reset: () => {
      count = 0;
      texts.length = 0;
      commits.length = 0;
    },
    stop: () => {
      prototype.query = original;
    },
  };
}

/** The writes of a statement, recognised in its text. `for update` and `do update` write nothing by themselves. */
function writesOf(text: string): string[] {
  const found = text.replace(/\b(for|do)\s+(no key\s+)?update\b/gi, '').matchAll(WRITE);
  return [...found].map(([, verb, table, call]) =>
    call ? `call ${call.toLowerCase()}` : `${verb!.split(/\s/)[0]!.toLowerCase()} ${table!.replaceAll('"', '')}`,
  );
}
