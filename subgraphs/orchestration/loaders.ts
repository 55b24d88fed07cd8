import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { partsOf } from '../../platform/sagas/enqueue.ts';
import { seesEverySaga } from './access.ts';
import { readableOrders } from './commands/order.generated.ts';
import { readableImports } from './commands/product.generated.ts';
import type { OrchestrationQueries } from './queries.ts';

/** Batched lookups. A saga is loaded only for callers who may see its order or import. */
export const orchestrationLoaders = (queries: OrchestrationQueries, { ask }: AgentContext) => ({
  agent: loadOne(
    (names) => queries.agentsByNames(names),
    (row) => row.name,
  ),
  saga: loadOne(
    async (ids, context) => {
      if (seesEverySaga(context.actor)) return queries.sagasByIds(ids);
      const parts = ids.map(partsOf);
      const subjects = (isImport: boolean) => [
        ...new Set(parts.filter(({ name }) => (name === 'importProducts') === isImport).map((part) => part.subjectId)),
      ];
      const [orders, imports] = [subjects(false), subjects(true)];
      const asked = { within: context, as: context.actor };
      const [ofOrders, ofImports] = await Promise.all([
        orders.length ? ask(readableOrders, { ids: orders }, asked) : { readableOrders: [] },
        imports.length ? ask(readableImports, { ids: imports }, asked) : { readableImports: [] },
      ]);
      const readable = new Set([...ofOrders.readableOrders, ...ofImports.readableImports]);
      const visible = ids.filter((id) => readable.has(partsOf(id).subjectId));
      return visible.length ? queries.sagasByIds(visible) : [];
    },
    (row) => row.id,
  ),
  sagasWithin: loadMany(
    (ids) => queries.sagasWithin(ids),
    (row) => row.parentId!,
  ),
  stepsOf: loadMany(
    (ids) => queries.stepsOf(ids),
    (row) => row.sagaId,
  ),
});

export type OrchestrationLoaders = ReturnType<typeof orchestrationLoaders>;
