/** Agents handle exactly the events that they declare: `docs/events.md` is generated from the declarations. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { loadAgents } from '../../subgraphs/index.ts';
import { placeOf } from '../../platform/projections/projection.ts';
import { viewer } from '../support/agents.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { done } from '../support/shop.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

test('the agents that declare handlers are the consumers, and handle just those events', async () => {
  const agents = await loadAgents();
  const everyType = [...new Set(agents.flatMap(({ emits }) => emits.map(({ type }) => type)))];
  const said = agents
    .flatMap(({ name, handles: declared = [], projections = [], replayable = false, outbound }) => {
      // Who sends webhooks consumes the events of all.
      const handles = outbound ? everyType : declared;
      const ofProjections = projections.map((projection) => ({
        consumer: placeOf(name, projection).consumer,
        types: projection.handlers.map(({ type }) => type).toSorted(),
        agent: name,
        isReplayable: false,
      }));
      const kept = ofProjections.flatMap(({ types }) => types);
      const own = handles.filter((type) => !kept.includes(type)).toSorted();
      return [
        ...(own.length > 0 ? [{ consumer: name, types: own, agent: name, isReplayable: replayable }] : []),
        ...ofProjections,
      ];
    })
    .toSorted((a, b) => (a.consumer < b.consumer ? -1 : 1));
  const { rows } = await sql<{ consumer: string; types: string[] }>`
    select consumer, types from platform.log_cursor order by consumer collate "C"`.execute(shop.kysely);
  expect(rows).toEqual(said.map(({ consumer, types }) => ({ consumer, types })));
  const { consumers } = await done(shop.ask('{ consumers { name isReplayable agent { id } } }', {}, viewer));
  expect(consumers).toEqual(
    said.map(({ consumer: name, agent, isReplayable }) => ({ name, isReplayable, agent: { id: agent } })),
  );
});
