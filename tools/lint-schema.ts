/** Our own lints of the graph: rules of `design.md` for every room's schema that composition does not check. */
import { loadRooms } from './codegen/rooms.ts';
import { lintSchema } from './lint-schema/lint.ts';

const rooms = loadRooms();
const problems = lintSchema(rooms);
for (const { room, coordinate, message } of problems) console.error(`${room}: ${coordinate}: ${message}`);
if (problems.length > 0) {
  console.error(`\n${problems.length} problems in the schema`);
  process.exitCode = 1;
} else {
  console.log(`the schemas of ${rooms.length} rooms are in order`);
}
