/**
 * MikroORM 7 writes values into the text of its statements: each is a new one to PostgreSQL, parsed and planned every
 * time, and none is ever prepared (preparing-client.ts). This driver sends plain values as parameters, as everything
 * else that we ask does.
 */
import { PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';

class BindingConnection extends PostgreSqlConnection {
  override async execute(...call: Parameters<PostgreSqlConnection['execute']>): Promise<any> {
    const [query, values, method, transaction] = call;
    const text = typeof query === 'string' && isPlain(values) ? withNumbers(query, values.length) : undefined;
    if (text === undefined) return super.execute(...call);
    const compiled = CompiledQuery.raw(text, values as unknown[]);
    return this.executeQuery(text, async () => {
      const result = await (transaction ?? this.getClient()).executeQuery(compiled);
      return this.transformRawResult(result, method);
    });
  }
}

/** PostgreSQL's driver of MikroORM, with parameters. */
export class BindingDriver extends PostgreSqlDriver {
  protected override readonly connection: PostgreSqlConnection = new BindingConnection(this.config);
}

/** Fragments of SQL, lists and documents stay MikroORM's, which knows what of them is text, array or JSON. */
const isPlain = (values: unknown): values is readonly unknown[] =>
  Array.isArray(values) &&
  values.length > 0 &&
  values.every((value) => value === null || value instanceof Date || PLAIN.has(typeof value));

const PLAIN = new Set(['string', 'number', 'bigint', 'boolean']);

/** `?` as `$1`. Undefined where a question mark is something else: an identifier's place, or itself. */
function withNumbers(text: string, count: number): string | undefined {
  const parts = text.split('?');
  if (parts.length !== count + 1) return undefined;
  return parts.reduce((before, part, n) => `${before}$${n}${part}`);
}
