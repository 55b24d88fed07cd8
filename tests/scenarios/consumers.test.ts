/** Agents handle exactly the events that they declare: `docs/events.md` is generated from the declarations. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { loadAgents } from '../../subgraphs/index.ts';
import { viewer } from '../support/agents.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { done } from '../support/shop.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

test('the agents that declare handlers are the consumers, and handle just those events', async () => {
  const handling = (await loadAgents()).filter(({ handles }) => handles);
  const { rows } = await sql<{ consumer: string; types: string[] }>`
    select consumer, types from platform.log_cursor order by consumer collate "C"`.execute(shop.kysely);
  const said = handling.map(({ name, handles }) => ({ consumer: name, types: handles!.toSorted() }));
  expect(rows).toEqual(said.toSorted((a, b) => (a.consumer < b.consumer ? -1 : 1)));
  const { consumers } = await done(shop.ask('{ consumers { name isReplayable agent { id } } }', {}, viewer));
  expect(consumers).toEqual(
    said.map(({ consumer: name }) => ({
      name,
      isReplayable: handling.find((agent) => agent.name === name)!.replayable ?? false,
      agent: { id: name },
    })),
  );
});
