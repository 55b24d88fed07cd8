import type { Resolvers } from '../resolvers.generated.ts';
import { sagaWatch, type WatchParts } from './watch.ts';

/** Sagas live. */
export const progressResolvers = (parts: WatchParts): Resolvers => {
  const watchSaga = sagaWatch(parts);
  return {
    Subscription: {
      sagaUpdated: { subscribe: (_, args, context) => watchSaga(args, context) },
    },
    SagaEvent: {
      saga: (event, _, context) => parts.load.saga(context).load(event.sagaId),
    },
  };
};
