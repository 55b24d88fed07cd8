/**
 * Wakes parked sagas that missed a signal. A process of a release without parking signals a payment only to sagas that
 * a worker has in hand, and wakes none for an operator's decision. So during a rollout, and after a rollback, a parked
 * saga may have missed events. This job looks for them every few seconds.
 */
import type { ScheduledJob } from '../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Work } from '../../platform/store/store.ts';
import { newId } from '../../platform/ids.ts';
import { partsOf, sagaId, signalSaga, steerSaga } from '../../platform/sagas/enqueue.ts';
import { type PaymentStatus, paymentsOfOrders } from './commands/payment.generated.ts';
import type { Tables } from './entities.ts';
import { waitingForPayment } from './saga-sql.ts';
import { PAYMENT_TOPIC } from './sagas/place-order.ts';
import type { SteeringQueries } from './steering/queries.ts';

/** Waiting sagas that one run looks at; later runs look at the others, in turn. */
const LOOKED_AT = 1000;

/** Statuses of a payment that its buyer may still confirm: no signal is due. */
const STILL_WAITED_FOR: ReadonlySet<PaymentStatus> = new Set(['CREATED', 'REQUIRES_ACTION']);

export function passedOver(
  { store, ask, log }: AgentContext<Tables>,
  { unheard }: Pick<SteeringQueries, 'unheard'>,
): ScheduledJob {
  let last = '';

  /** Sagas whose payment has moved on without a signal. If the payment agent is away, the next run asks again. */
  const unpaid = async (signal: AbortSignal): Promise<string[]> => {
    const sagas = await waitingForPayment(store.read, last, LOOKED_AT);
    last = sagas.length < LOOKED_AT ? '' : sagas.at(-1)!;
    if (sagas.length === 0) return [];
    const orderIds = sagas.map((id) => partsOf(id).subjectId);
    try {
      const within = { correlationId: newId('req'), signal };
      const { paymentsOfOrders: payments } = await ask(paymentsOfOrders, { orderIds }, { within });
      return payments
        .filter(({ status }) => !STILL_WAITED_FOR.has(status))
        .map(({ orderId }) => sagaId('placeOrder', orderId));
    } catch (error) {
      log.debug({ err: error }, 'payment does not say now which payments have moved on');
      return [];
    }
  };

  /** Wakes a saga in its own transaction: a locked row must not block the others. The next run finds it again. */
  const wake = async (id: string, tell: (sql: Work<Tables>['sql']) => Promise<unknown>): Promise<void> => {
    try {
      await store.write({ locks: [], origin: {} }, ({ sql }) => tell(sql));
    } catch (error) {
      log.warn({ err: error, saga: id }, 'a saga that was passed over could not be woken');
    }
  };

  return {
    name: 'wake what was passed over',
    everySeconds: 5,
    async run(signal) {
      const decided = await unheard();
      const paid = await unpaid(signal);
      if (decided.length + paid.length === 0) return;
      log.info({ decided, paid }, 'sagas that were passed over are woken');
      for (const id of decided) await wake(id, (sql) => steerSaga(sql, id, `passed over:steer:${id}`));
      for (const id of paid)
        await wake(id, (sql) => signalSaga(sql, id, PAYMENT_TOPIC, null, `passed over:${PAYMENT_TOPIC}:${id}`));
    },
  };
}
