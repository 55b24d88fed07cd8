import { Consumer } from '../consumers/consumer.ts';
import type { ConsumerOptions } from '../consumers/consumer-options.ts';
import { placeOf, type Projection } from './projection.ts';
import { quietBackfill, quietHandler } from './quiet.ts';
import { Rebuild } from './rebuild.ts';

/** Options of keeping a projection: those of its consumers, and the context of its backfill. */
export interface KeepOptions extends Omit<ConsumerOptions, 'name' | 'schema' | 'handlers' | 'backfill' | 'begins'> {
  context: unknown;
}

/** Creates the consumer of a projection, and its rebuilds. Neither runs yet. */
export function keepProjection(
  projection: Projection,
  { context, ...options }: KeepOptions,
): { consumer: Consumer; rebuild: Rebuild } {
  const { version } = projection;
  const place = placeOf(options.agent, projection);
  const handlers = projection.handlers.map(quietHandler);
  const reading = { ...options, handlers, backfill: quietBackfill(projection.backfill(context)) };
  const { kysely, log } = options;
  const rebuild = new Rebuild({
    place,
    version,
    types: handlers.map(({ type }) => type),
    kysely,
    log,
    consumer: () => new Consumer({ ...reading, name: place.next, schema: place.nextSchema, tablesVersion: version }),
  });
  const onRebuild = (): void => rebuild.lookAgain();
  const consumer = new Consumer({ ...reading, name: place.consumer, tablesVersion: version, onRebuild });
  return { consumer, rebuild };
}
