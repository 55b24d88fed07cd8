import { expect, test } from '@jest/globals';
import { apiSchemaOf, composeForTest } from '../../platform/gate/compose.testing.ts';
import { splitSupergraph } from '../../platform/gate/split-supergraph.ts';
import { loadRooms, readRoom } from '../../tools/codegen/rooms.ts';
import { composeContract } from '../../tools/schema/contract.ts';
import { permissionDocs } from '../../tools/schema/permission-docs.ts';

test('a field is listed with its permission and with every role that has it', () => {
  const sdl = `
    type Query { free: Int @public own: Thing @authenticated all: Thing @requiresScopes(scopes: [["order:read"], ["order:write"]]) }
    type Thing @authenticated { id: ID! cost: Int @requiresScopes(scopes: [["order:admin"]]) }
  `;
  const split = splitSupergraph(composeForTest(sdl));
  const room = { name: 'order', directory: 'nowhere', ...readRoom(sdl) };
  const { text } = permissionDocs(apiSchemaOf(split), split.decisions, [room]);
  expect(text).toContain('| `free` | query | nothing | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ |\n');
  expect(text).toContain('| `own` | query | a signed-in user |  | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ |\n');
  expect(text).toContain('| `all` | query | the scope `order:read` or `order:write` |  |  |  |  | ✓ | ✓ | ✓ | ✓ |\n');
  expect(text).toContain('| `Thing.cost` | the scope `order:admin` |\n');
  expect(text).toContain('| nobody | `free` |\n');
  expect(text).toContain('| every signed-in caller | `own` |\n');
  expect(text).toContain('| ADMIN | nothing |\n');
});

test('the page lists every root field that clients see, with its row rules, and nothing internal', () => {
  const { outputs } = composeContract(loadRooms());
  const page = outputs.find(({ path }) => path === 'docs/permissions.md')!.text!;
  expect(page).toContain('| `cancelOrder` | mutation | a signed-in user |');
  expect(page).toContain('- Which orders an actor may cancel. `writableOrders`\n');
  expect(page).not.toContain('reserveStock');
});
