/** The use cases of locations, where stock is kept: staff create and change them. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { countOf } from '../../../platform/data/count.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { checkAll, checkVersion, orTaken } from '../../../platform/graphql/refusals.ts';
import { newId } from '../../../platform/ids.ts';
import { checkMayChangeLocations } from '../access.ts';
import { checkCode, checkPriority, MAX_LOCATIONS } from '../domain.ts';
import { type LocationRow, LocationSchema, type Tables } from '../entities.ts';
import type { CreateLocationInput, UpdateLocationInput } from '../resolvers.generated.ts';

/** The refusal for each unique index. */
const TAKEN = {
  location_code_key: refuse('LOCATION_CODE_TAKEN', 'Another location has this code: choose another.', [
    'input',
    'code',
  ]),
};

export const locationService = ({ store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>) => ({
  async create(input: CreateLocationInput, context: RequestContext): Promise<string> {
    checkMayChangeLocations(context.actor);
    checkAll(
      () => checkCode(input.code),
      () => checkPriority(input.priority),
    );
    const id = newId('location');
    const { code, name, kind, city, country, priority } = input;
    return orTaken(
      () =>
        store.write({ locks: ['locations'], origin: context }, async (work) => {
          if ((await countOf(work.sql.selectFrom('location'))) >= MAX_LOCATIONS) {
            throw refuse(
              'INVALID_STATE',
              `There are ${MAX_LOCATIONS} locations already: use one that is no longer active.`,
            );
          }
          const location = { id, code, name, kind, city, country, priority, createdAt: clock.now() };
          await work.insert(LocationSchema, location);
          return id;
        }),
      TAKEN,
    );
  },

  async update(input: UpdateLocationInput, context: RequestContext): Promise<string> {
    checkMayChangeLocations(context.actor);
    if (input.priority != null) checkPriority(input.priority);
    return store.write({ locks: [input.id], origin: context }, async (work) => {
      const location = await work.find(LocationSchema, input.id, { path: ['input', 'id'] });
      checkVersion(location.version, input.expectedVersion);
      const { name, priority, active } = input;
      const changes = { name: name ?? undefined, priority: priority ?? undefined, active: active ?? undefined };
      // A change that changes nothing makes no new version.
      if (differs(location, changes)) await work.save(LocationSchema, location, changes);
      return location.id;
    });
  },
});

const differs = (location: LocationRow, { name, priority, active }: Partial<LocationRow>): boolean =>
  (name ?? location.name) !== location.name ||
  (priority ?? location.priority) !== location.priority ||
  (active ?? location.active) !== location.active;
