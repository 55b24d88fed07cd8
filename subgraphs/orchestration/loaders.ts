import type { Ground } from '../../platform/agent/ground.ts';
import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { seesEverySaga } from './access.ts';
import { readableOrders } from './commands/order.generated.ts';
import { partsOf } from './domain.ts';
import type { OrchestrationQueries } from './queries.ts';

/** Batched lookups. Sagas are loaded only for who may see what they are about. */
export const orchestrationLoaders = (queries: OrchestrationQueries, { ask }: Ground) => ({
  agent: loadOne(
    (names) => queries.agentsByNames(names),
    (row) => row.name,
  ),
  saga: loadOne(
    async (ids, context) => {
      if (seesEverySaga(context.actor)) return queries.sagasByIds(ids);
      const orders = [...new Set(ids.map((id) => partsOf(id).subjectId))];
      const answer = await ask(readableOrders, { ids: orders }, { within: context, as: context.actor });
      const readable = new Set(answer.readableOrders);
      const visible = ids.filter((id) => readable.has(partsOf(id).subjectId));
      return visible.length ? queries.sagasByIds(visible) : [];
    },
    (row) => row.id,
  ),
  stepsOf: loadMany(
    (ids) => queries.stepsOf(ids),
    (row) => row.saga_id,
  ),
});

export type OrchestrationLoaders = ReturnType<typeof orchestrationLoaders>;
