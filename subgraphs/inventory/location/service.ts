/** What staff do with the places that stock is kept at. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { countOf } from '../../../platform/data/count.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { checkAll, checkVersion, orTaken } from '../../../platform/graphql/refusals.ts';
import { newId } from '../../../platform/ids.ts';
import { checkName } from '../../../platform/text/text.ts';
import { checkMayChangeLocations } from '../access.ts';
import { checkCode, checkPriority, MAX_LOCATIONS } from '../domain.ts';
import { Location, type Tables } from '../entities.ts';
import type { CreateLocationInput, UpdateLocationInput } from '../resolvers.generated.ts';

/** What a unique index says no to, and how a user reads it. */
const TAKEN = {
  location_code_key: refuse('LOCATION_CODE_TAKEN', 'Another location has this code: choose another.', [
    'input',
    'code',
  ]),
};

export const locationService = ({ store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>) => ({
  async create(input: CreateLocationInput, context: RequestContext): Promise<string> {
    checkMayChangeLocations(context.actor);
    const [name, city] = checkAll(
      () => checkName(input.name, ['input', 'name']),
      () => checkName(input.city, ['input', 'city']),
      () => checkCode(input.code),
      () => checkPriority(input.priority),
    );
    const id = newId('location');
    const { code, kind, country, priority } = input;
    return orTaken(
      () =>
        store.write({ locks: ['locations'], origin: context }, async ({ em, sql }) => {
          if ((await countOf(sql.selectFrom('location'))) >= MAX_LOCATIONS) {
            throw refuse(
              'INVALID_STATE',
              `There are ${MAX_LOCATIONS} locations already: use one that is no longer active.`,
            );
          }
          em.persist(
            em.create(Location, {
              id,
              code,
              name,
              kind,
              city,
              country,
              priority,
              active: true,
              createdAt: clock.now(),
            }),
          );
          return id;
        }),
      TAKEN,
    );
  },

  async update(input: UpdateLocationInput, context: RequestContext): Promise<string> {
    checkMayChangeLocations(context.actor);
    const [name] = checkAll(
      () => (input.name == null ? undefined : checkName(input.name, ['input', 'name'])),
      () => input.priority != null && checkPriority(input.priority),
    );
    return store.write({ locks: [input.id], origin: context }, async ({ em }) => {
      const location = await em.findOne(Location, { id: input.id });
      if (!location) throw refuse('NOT_FOUND', 'There is no such location.', ['input', 'id']);
      checkVersion(location.version, input.expectedVersion);
      if (name !== undefined) location.name = name;
      if (input.priority != null) location.priority = input.priority;
      if (input.active != null) location.active = input.active;
      return location.id;
    });
  },
});

export type LocationService = ReturnType<typeof locationService>;
