/** Parts of a projection that can publish nothing: a rebuild handles again what was handled before. */
import type { Backfill } from '../consumers/backfill.ts';
import type { EventHandler } from '../consumers/handler.ts';
import { Fault } from '../errors.ts';
import type { Work } from '../store/store.ts';

const refuse = (): never => {
  throw new Fault('PROJECTION_PUBLISHES', 'A projection publishes nothing and starts no saga.');
};

const quiet = (work: Work): Work => ({ ...work, publish: refuse, startSaga: refuse });

/** A handler whose work refuses to publish. */
export const quietHandler = ({ handle, handleAll, ...rest }: EventHandler): EventHandler => ({
  ...rest,
  handle: (work, event) => handle(quiet(work), event),
  ...(handleAll && { handleAll }),
});

/** A backfill whose pages refuse to publish. */
export const quietBackfill =
  (read: Backfill): Backfill =>
  async (tools) => {
    const page = await read(tools);
    return { ...page, apply: (work) => page.apply(quiet(work)) };
  };
