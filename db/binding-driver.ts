/**
 * MikroORM 7 writes values into the text of its statements: each is a new one to PostgreSQL, parsed and planned every
 * time, and none is ever prepared (preparing-client.ts); and a text that cannot be stored ends the statement in its
 * middle, or is stored as another one (storable.ts). This driver sends every value as a parameter, as everything else
 * that we ask does. What is SQL itself, such as `version + 1`, stays text.
 */
import { isRaw, JsonProperty, type Platform, raw, Utils } from '@mikro-orm/core';
import { NativeQueryBuilder, PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';

class BindingConnection extends PostgreSqlConnection {
  override async execute(...call: Parameters<PostgreSqlConnection['execute']>): Promise<any> {
    const [query, values, method, transaction] = call;
    const { sql, params } = query instanceof NativeQueryBuilder ? query.toRaw() : raw(query, values);
    const bound: unknown[] = [];
    const text = bind(sql, params, bound, this.getPlatform());
    const compiled = CompiledQuery.raw(text, bound);
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

/** Of MikroORM's placeholders, `??` is an identifier's, `?` a value's, and `\?` is a question mark. */
const PLACEHOLDER = /\\\?|\?\??/g;

/** The statement's text with `$1` for its first value, and so on. What they stand for is put behind `bound`. */
function bind(sql: string, params: readonly unknown[], bound: unknown[], platform: Platform): string {
  if (params.length === 0) return sql;
  let n = 0;
  return sql.replace(PLACEHOLDER, (placeholder) => {
    if (placeholder === '\\?') return '?';
    const value = params[n++];
    return placeholder === '??' ? platform.quoteIdentifier(value as string) : bindValue(value, bound, platform);
  });
}

function bindValue(value: unknown, bound: unknown[], platform: Platform): string {
  if (isRaw(value)) return bind(value.sql, value.params, bound, platform);
  // A list stands for several values: `in (?)`.
  if (Array.isArray(value) && !isDocument(value))
    return value.map((item) => bindValue(item, bound, platform)).join(', ');
  bound.push(isDocument(value) ? JSON.stringify(value) : (value ?? null));
  return `$${bound.length}`;
}

const isDocument = (value: unknown): boolean =>
  Utils.isPlainObject(value) || Boolean((value as { [JsonProperty]?: boolean } | null | undefined)?.[JsonProperty]);
