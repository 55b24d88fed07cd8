import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeSupergraph } from '../../gateway/composition/compose.ts';
import type { Size } from '../run.ts';
import { compare, type Question } from './compare.ts';
import { startHive } from './hive.ts';
import { partsOf } from './parts.ts';
import { bodyOf, QUERIES, type QueryName, variedBodyOf } from './queries.ts';
import { temporaryData } from '../../tests/support/agora-process.ts';
import { type Rival, startRole } from './rival.ts';

/** Requests in each round. */
const REQUESTS: Readonly<Record<QueryName, number>> = { one: 400, five: 200, list: 100 };

/** Our gateway over HTTP subgraphs, Hive Gateway, and @apollo/gateway as it comes: one supergraph, the same subgraphs. */
export async function federationPeers({ rounds }: Size): Promise<void> {
  const folder = temporaryData();
  const started: Rival[] = [];
  const start = async (rival: Promise<Rival>): Promise<Rival> => {
    started.push(await rival);
    return started.at(-1)!;
  };
  try {
    const { origin } = new URL((await start(startRole('subgraphs'))).url);
    const definitions = partsOf('').map(({ name, typeDefs }) => ({ name, typeDefs, url: `${origin}/${name}` }));
    const file = join(folder.data, 'supergraph.graphql');
    writeFileSync(file, composeSupergraph(definitions).supergraphSdl);
    const ours = await start(startRole('distributed', file));
    const hive = await start(startHive(file));
    const apollo = await start(startRole('apollo', file));
    const names = Object.keys(QUERIES) as QueryName[];
    const asked = names.flatMap((name): Question[] => [
      { name: `${name}, identical`, requests: REQUESTS[name], bodyOf: () => bodyOf(name, 7) },
      { name: `${name}, varied`, requests: REQUESTS[name], bodyOf: (n) => variedBodyOf(name, n) },
    ]);
    await compare('Distributed, the CPU of the gateway alone', [ours, hive, apollo], asked, rounds);
  } finally {
    await Promise.all(started.map((rival) => rival.stop()));
    await folder.remove();
  }
}
