/**
 * `npm run codegen`: writes all generated files: resolver types and typed commands of every room, the types that all
 * rooms share, typed commands of the gateway, typed documents of the clients in `examples/`, `.env.example`,
 * `docs/sagas.md`, the scopes that rooms grant to roles and the claims that they declare, Grafana's dashboards, the
 * deployments of each area's agents with the limits of their connections, `schema/agents.json`. With `--check` it writes
 * nothing and fails if something is out of date.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientOutputs } from './codegen/client.ts';
import { commandsOf } from './codegen/commands.ts';
import { resolverTypes } from './codegen/resolver-types.ts';
import { loadRooms } from './codegen/rooms.ts';
import { type Output, read, settle } from './codegen/output.ts';
import { API } from './schema/contract.ts';

const rooms = loadRooms();
const outputs: Output[] = [...(await resolverTypes(rooms))];

for (const asking of [...rooms.map(({ directory }) => directory), 'gateway']) {
  const directory = join(asking, 'commands');
  for (const file of listGraphql(directory)) {
    const target = rooms.find((other) => `${other.name}.graphql` === file);
    if (!target) throw new Error(`${directory}/${file} is not named after an agent`);
    const text = await commandsOf(target, readFileSync(join(directory, file), 'utf8'), `${directory}/${file}`);
    outputs.push({ path: join(directory, `${target.name}.generated.ts`), text });
  }
}

// The published API; `npm run schema` does it again when it publishes another.
const api = read(API);
if (api) outputs.push(...(await clientOutputs(api)));

const check = process.argv.includes('--check');
settle(outputs, check, 'npm run codegen');
// Imported only now: they load the commands and documents that were written just now.
const { agentList } = await import('./codegen/agent-list.ts');
const { claimsModule } = await import('./codegen/claims.ts');
const { dashboards } = await import('./codegen/dashboards.ts');
const { deployments } = await import('./codegen/deployments.ts');
const { envFile } = await import('./codegen/env-file.ts');
const { grantsModule } = await import('./codegen/grants.ts');
const { operationOutputs } = await import('./codegen/operations.ts');
const { sagaDocs } = await import('./codegen/saga-docs.ts');
settle(
  [
    ...(await dashboards()),
    ...(await deployments()),
    await envFile(),
    await sagaDocs(),
    await agentList(),
    await grantsModule(),
    await claimsModule(),
    ...(await operationOutputs()),
  ],
  check,
  'npm run codegen',
);

function listGraphql(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.graphql'))
      .sort();
  } catch {
    return [];
  }
}
