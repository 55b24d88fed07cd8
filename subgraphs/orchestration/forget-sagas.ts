import type { Duty } from '../../platform/agent/define-agent.ts';
import type { Ground } from '../../platform/agent/ground.ts';
import { forgetSagas, moveHorizon } from '../../platform/sagas/forget.ts';
import type { Tables } from './entities.ts';

/** Ended sagas go after SAGA_RETENTION_DAYS, and the attempts of their steps with them; what operators did stays. */
export const forgetSagasDuty = ({ store, clock, config, log }: Ground<Tables>): Duty => ({
  name: 'forget sagas',
  everySeconds: 3600,
  async run(signal) {
    const before = new Date(clock.now().getTime() - config.SAGA_RETENTION_DAYS * 86_400_000);
    const forgotten = await forgetSagas(store.read, before, signal, async (ids) => {
      await store.read.deleteFrom('saga_attempt').where('saga_id', 'in', ids).execute();
    });
    await moveHorizon(store.read);
    if (forgotten) log.info({ forgotten }, 'ended sagas forgotten');
  },
});
