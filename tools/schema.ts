/**
 * `npm run schema`: composes the rooms and writes the published contract to `schema/`: the supergraph, the API that
 * clients see, and the events. A breaking change is refused, unless it is made on purpose with `--accept-breaking`.
 * With `--check` nothing is written, and the command fails if something would be.
 */
import { loadAgents } from '../subgraphs/index.ts';
import { clientOutputs } from './codegen/client.ts';
import { settle } from './codegen/output.ts';
import { loadRooms } from './codegen/rooms.ts';
import { breakingApiChanges } from './schema/api-changes.ts';
import { API, composeContract } from './schema/contract.ts';
import { breakingEventChanges } from './schema/event-changes.ts';
import { eventOutputs } from './schema/event-schemas.ts';
import { eventTable } from './schema/event-table.ts';
import { breaks } from './schema/published.ts';

const contract = composeContract(loadRooms());
const agents = await loadAgents();
const events = eventOutputs(agents);

const breaking = await breaks(API, (old) => breakingApiChanges(old, contract.api));
for (const { path, text } of events)
  breaking.push(...(await breaks(path, async (old) => breakingEventChanges(old, text))));

if (breaking.length > 0 && !process.argv.includes('--accept-breaking')) {
  console.error(
    `Refused: this breaks those who rely on the contract.\n${breaking.map((change) => `  - ${change}`).join('\n')}\n` +
      'Keep what is there: a field is deprecated (`@deprecated(reason: "Use x instead. Goes on 2027-01-31.")`) before\n' +
      'it goes, and a fact that says something else is an event of a new type.\n' +
      'If the break is meant: npm run schema -- --accept-breaking',
  );
  process.exit(1);
}
const outputs = [...contract.outputs, ...events, eventTable(agents), ...(await clientOutputs(contract.api))];
settle(outputs, process.argv.includes('--check'), 'npm run schema');
