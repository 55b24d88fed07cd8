import type { ScheduledJob } from '../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { forgetSagas, moveHorizon } from '../../platform/sagas/forget.ts';
import type { Tables } from './entities.ts';

/** Scheduled job that deletes ended sagas after SAGA_RETENTION_DAYS, with their attempts; operators' actions stay. */
export const forgetSagasJob = ({ store, clock, config, log }: AgentContext<Tables>): ScheduledJob => ({
  name: 'forget sagas',
  everySeconds: 3600,
  async run(signal) {
    const before = new Date(clock.now().getTime() - config.SAGA_RETENTION_DAYS * 86_400_000);
    const forgotten = await forgetSagas(store.read, before, signal, async (ids) => {
      await store.read.deleteFrom('saga_attempt').where('sagaId', 'in', ids).execute();
    });
    await moveHorizon(store.read);
    if (forgotten) log.info({ forgotten }, 'ended sagas forgotten');
  },
});
