/** The currencies of prices: those that a channel takes. */
import type { Kysely } from 'kysely';
import type { UserError } from '../../platform/errors.ts';
import type { Tables } from './entities.ts';

/** An error of a price, without its path in an input. */
export type Problem = Pick<UserError, 'code' | 'message'>;

/** The currencies that a channel takes, or any of them; undefined if there is no such channel. */
export async function currenciesTaken(
  db: Kysely<Tables>,
  channel?: string | null,
): Promise<ReadonlySet<string> | undefined> {
  const all = db.selectFrom('channel').select('currencies');
  const rows = await (channel == null ? all : all.where('id', '=', channel)).execute();
  return rows.length > 0 ? new Set(rows.flatMap(({ currencies }) => currencies)) : undefined;
}

/** The error for a currency that the channel, or every channel if none is given, does not take. */
export function currencyProblem(
  taken: ReadonlySet<string> | undefined,
  currency: string,
  channel?: string | null,
): Problem | undefined {
  if (taken?.has(currency)) return undefined;
  const subject = channel == null ? 'No channel takes' : 'The channel does not take';
  return { code: 'CURRENCY_NOT_AVAILABLE', message: `${subject} ${currency}.` };
}
