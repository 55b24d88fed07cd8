/** The first stock of imported variants, and its undo: the ledger has entries of both. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { doOnce, undoOnce, type Undoable } from '../../../platform/store/undoable.ts';
import type { Work } from '../../../platform/store/store.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { checkChange, checkQuantity } from '../domain.ts';
import type { StockChangeType, Tables } from '../entities.ts';
import type { ImportedStockInput } from '../resolvers.generated.ts';
import { changeAndPublish, known } from '../service.ts';
import { levelsAt } from '../stock-sql.ts';

const OPERATION = 'receiveImportedStock';
const REASON = 'import';

export const importedStock = ({ store, clock }: AgentContext<Tables>) => {
  const move = async (
    work: Work<Tables>,
    { reference, merchantId, lines }: ImportedStockInput,
    { type, sign, actorId }: { type: StockChangeType; sign: 1 | -1; actorId: string },
  ): Promise<void> => {
    for (const [index, { productId, variantId, locationId, quantity }] of lines.entries()) {
      const at = ['input', 'lines', String(index)];
      const level = known(await levelsAt(work.sql, variantId, [locationId]), locationId, [...at, 'locationId']);
      const delta = sign * quantity;
      checkChange(level, delta, [...at, 'quantity']);
      const said = { type, reason: REASON, referenceId: reference, actorId, now: clock.now() };
      await changeAndPublish(work, [{ locationId, delta }], { variantId, owner: { productId, merchantId }, ...said });
    }
  };
  const undoable = ({ reference, lines }: ImportedStockInput, origin: RequestContext): Undoable => ({
    operation: OPERATION,
    reference,
    locks: lines.map(({ variantId }) => `stock:${variantId}`),
    origin,
  });

  return {
    /** @throws Refusal NOT_FOUND for a location that does not exist, INVALID_INPUT */
    async receive(input: ImportedStockInput, context: RequestContext): Promise<void> {
      for (const [index, { quantity }] of input.lines.entries())
        checkQuantity(quantity, ['input', 'lines', String(index), 'quantity']);
      const how = { type: 'INBOUND', sign: 1, actorId: context.actor.id } as const;
      await doOnce(store, undoable(input, context), (work) => move(work, input, how));
    },

    takeBack(input: ImportedStockInput, context: RequestContext): Promise<void> {
      const how = { type: 'ADJUSTMENT', sign: -1, actorId: context.actor.id } as const;
      return undoOnce(store, undoable(input, context), (work) => move(work, input, how));
    },
  };
};
