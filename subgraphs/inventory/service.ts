/** The use cases of stock for people: correct it and move it. Those for orders are in `reservation/`. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { idempotencyOf } from '../../platform/data/idempotency.ts';
import { matches } from '../../platform/data/row-filter.ts';
import type { Work } from '../../platform/store/store.ts';
import { refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { newId } from '../../platform/ids.ts';
import { writableStock } from './access.ts';
import { ownerOfVariant } from './commands/product.generated.ts';
import { checkChange, checkQuantity, MAX_QUANTITY } from './domain.ts';
import type { Tables } from './entities.ts';
import { inventoryChanged } from './events.ts';
import type { AdjustStockInput, TransferStockInput } from './resolvers.generated.ts';
import { type Change, change, type Entry, type Level, levelsAt, type Owner } from './stock-sql.ts';

export const inventoryService = ({ store, clock, ask }: AgentContext<Tables>) => {
  /** The owner of a variant: from our own rows, or for its first stock from the catalogue, on the caller's behalf. */
  const ownerOf = async (variantId: string, context: RequestContext): Promise<Owner> => {
    const known = store.read
      .selectFrom('stock_level')
      .select(['productId', 'merchantId'])
      .where('variantId', '=', variantId);
    const row = (await known.limit(1).executeTakeFirst()) ?? (await askOwner(variantId, context));
    if (!row || !matches(row, writableStock(context.actor))) {
      throw refuse('NOT_FOUND', 'There is no such variant, or it is not yours.', ['input', 'variantId']);
    }
    return row;
  };

  const askOwner = async (id: string, context: RequestContext): Promise<Owner | null> => {
    const { productVariant } = await ask(ownerOfVariant, { id }, { within: context });
    return productVariant && { productId: productVariant.product.id, merchantId: productVariant.product.merchantId };
  };

  return {
    async adjust(input: AdjustStockInput, context: RequestContext): Promise<void> {
      const { variantId, locationId, delta, reason } = input;
      if (delta === 0 || Math.abs(delta) > MAX_QUANTITY) {
        throw refuse('INVALID_INPUT', `Give a number of units, at most ${MAX_QUANTITY}, and not 0.`, [
          'input',
          'delta',
        ]);
      }
      const owner = await ownerOf(variantId, context);
      const locks = [`stock:${variantId}`];
      await store.idempotent({ ...idempotencyOf('adjustStock', input, context), locks }, async (work) => {
        const level = known(await levelsAt(work.sql, variantId, [locationId]), locationId, ['input', 'locationId']);
        checkChange(level, delta, ['input', 'delta']);
        const entry = {
          variantId,
          owner,
          type: 'ADJUSTMENT',
          reason,
          referenceId: null,
          actorId: context.actor.id,
          now: clock.now(),
        } as const;
        await changeAndPublish(work, [{ locationId, delta }], entry);
        return {};
      });
    },

    async transfer(input: TransferStockInput, context: RequestContext): Promise<void> {
      const { variantId, fromLocationId: from, toLocationId: to, quantity, reason } = input;
      checkQuantity(quantity, ['input', 'quantity']);
      if (from === to) throw refuse('INVALID_INPUT', 'Give two different locations.', ['input', 'toLocationId']);
      const owner = await ownerOf(variantId, context);
      const locks = [`stock:${variantId}`];
      await store.idempotent({ ...idempotencyOf('transferStock', input, context), locks }, async (work) => {
        const levels = await levelsAt(work.sql, variantId, [from, to]);
        checkChange(known(levels, from, ['input', 'fromLocationId']), -quantity, ['input', 'quantity']);
        checkChange(known(levels, to, ['input', 'toLocationId']), quantity, ['input', 'quantity']);
        const referenceId = newId('transfer');
        const entry = {
          variantId,
          owner,
          type: 'TRANSFER',
          reason: reason ?? null,
          referenceId,
          actorId: context.actor.id,
          now: clock.now(),
        } as const;
        await changeAndPublish(
          work,
          [
            { locationId: from, delta: -quantity },
            { locationId: to, delta: quantity },
          ],
          entry,
        );
        return {};
      });
    },
  };
};

/** The level at a location. @throws Refusal NOT_FOUND if there is no such location */
export function known(levels: Map<string, Level>, locationId: string, path: readonly string[]): Level {
  const level = levels.get(locationId);
  if (!level) throw refuse('NOT_FOUND', `There is no location ${locationId.slice(0, 80)}.`, path);
  return level;
}

/** Changes levels of one variant, with an event for each. The caller holds the lock `stock:<variant>`. */
export async function changeAndPublish(work: Work<Tables>, changes: readonly Change[], entry: Entry): Promise<void> {
  const { variantId, owner, type: changeType, referenceId } = entry;
  const deltas = new Map(changes.map(({ locationId, delta }) => [locationId, delta]));
  for (const { locationId, onHand, version } of await change(work.sql, changes, entry)) {
    const oldQuantity = onHand - deltas.get(locationId)!;
    const payload = {
      variantId,
      productId: owner.productId,
      locationId,
      oldQuantity,
      newQuantity: onHand,
      changeType,
      referenceId,
    };
    work.publish(inventoryChanged, { aggregateId: `${variantId}/${locationId}`, aggregateVersion: version, payload });
  }
}

export type InventoryService = ReturnType<typeof inventoryService>;
