/**
 * `npm run new:agent -- wishlist --area marketing [--title "Wishlist"]`: writes a room that starts, composes and tests
 * at once, in the shape of all others. Its entity is a small thing of a customer's; make of it what is needed.
 */
import { parseArgs } from 'node:util';
import { AREAS } from '../platform/agent/define-agent.ts';
import { loadRooms } from './codegen/rooms.ts';
import { addRooms } from './new-agent/add-rooms.ts';
import { checkFree } from './new-agent/check-free.ts';
import { wordsFor } from './new-agent/words.ts';

try {
  newAgent();
} catch (error) {
  if (!(error instanceof RangeError) && !(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS_')) throw error;
  console.error((error as Error).message);
  process.exitCode = 1;
}

function newAgent(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { area: { type: 'string' }, title: { type: 'string' } },
  });
  const [name, ...others] = positionals;
  if (!name || others.length > 0)
    throw new RangeError(`usage: npm run new:agent -- <name> --area <${AREAS.join('|')}> [--title "<Title>"]`);
  const words = wordsFor(name, values.area, values.title);
  checkFree(words, loadRooms());
  addRooms([words]);
  console.log(
    `\nsubgraphs/${name} is there. Next: npm test -- subgraphs/${name}, npm start, and ask for \`${words.fields}\` in GraphiQL.` +
      `\nIts consumer begins now: it handles events committed after the agent's first start, docs/adding-an-agent.md §4.`,
  );
}
