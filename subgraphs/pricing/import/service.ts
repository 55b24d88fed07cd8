/** The prices of imported variants, and their undo. The variants are drafts, so no order has these prices. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { doOnce, undoOnce } from '../../../platform/store/undoable.ts';
import { anyOf } from '../../../platform/data/any-of.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { Refusal } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import { currenciesTaken, currencyProblem, type Problem } from '../currencies.ts';
import { priceOf } from '../domain.ts';
import { PriceSchema, type Tables } from '../entities.ts';
import { priceChanged } from '../events.ts';
import type { ImportedPricesInput, RemoveImportedPricesInput } from '../resolvers.generated.ts';

type ImportedPrice = ImportedPricesInput['prices'][number]['price'];

const OPERATION = 'setImportedPrices';
const REASON = 'import';

export const importedPrices = ({ store, clock }: AgentContext<Tables>) => ({
  /** The error of each price, or null: checked before an import is accepted. */
  async problems(prices: readonly ImportedPrice[]): Promise<(Problem | null)[]> {
    const taken = await currenciesTaken(store.read);
    return prices.map((price) => problemOf(price, taken) ?? null);
  },

  /** @throws Refusal INVALID_INPUT, CURRENCY_NOT_AVAILABLE: all mistakes, each at its path */
  set({ reference, prices }: ImportedPricesInput, origin: RequestContext): Promise<void> {
    const locks = prices.map(({ variantId }) => variantId);
    return doOnce(store, { operation: OPERATION, reference, locks, origin }, async (work) => {
      const now = clock.now();
      const taken = await currenciesTaken(work.sql);
      const errors = prices.flatMap(({ price }, index) => {
        const problem = problemOf(price, taken);
        return problem ? [{ ...problem, path: ['input', 'prices', String(index)] }] : [];
      });
      if (errors.length) throw new Refusal(errors);
      const times = { validFrom: now, createdAt: now, updatedAt: now };
      const rows = prices.map(({ variantId, price: { amount, currency } }) => {
        const amountMinor = priceOf(amount, currency);
        return { id: newId('price'), variantId, currency, amountMinor, reason: REASON, ...times };
      });
      await work.insert(PriceSchema, ...rows);
      for (const [index, { id, variantId, currency, amountMinor }] of rows.entries()) {
        const payload = {
          priceId: id,
          variantId,
          productId: prices[index]!.productId,
          channel: null,
          currency,
          oldPrice: null,
          newPrice: { minor: amountMinor.toString(), currency },
          effectiveDate: now.toISOString(),
          reason: REASON,
        };
        work.publish(priceChanged, { aggregateId: id, aggregateVersion: 1, payload });
      }
    });
  },

  /** Deletes all present prices of the variants, also later ones: the variants themselves will be removed. */
  remove({ reference, variants }: RemoveImportedPricesInput, origin: RequestContext): Promise<void> {
    const locks = variants.map(({ variantId }) => variantId);
    return undoOnce(store, { operation: OPERATION, reference, locks, origin }, async ({ sql, publish }) => {
      const productOf = new Map(variants.map(({ variantId, productId }) => [variantId, productId]));
      const removed = await sql
        .deleteFrom('price')
        .where('variantId', '=', anyOf(locks))
        .returning(columnsOf(PriceSchema))
        .execute();
      for (const { id, variantId, currency, amountMinor, channelId, version } of removed) {
        const payload = {
          priceId: id,
          variantId,
          productId: productOf.get(variantId)!,
          channel: channelId,
          currency,
          oldPrice: { minor: amountMinor.toString(), currency },
          newPrice: null,
          effectiveDate: clock.now().toISOString(),
          reason: REASON,
        };
        publish(priceChanged, { aggregateId: id, aggregateVersion: version + 1, payload });
      }
    });
  },
});

function problemOf({ amount, currency }: ImportedPrice, taken: ReadonlySet<string> | undefined): Problem | undefined {
  try {
    priceOf(amount, currency);
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, message: error.message };
    throw error;
  }
  return currencyProblem(taken, currency);
}
