/** Our own lints of the graph: what `design.md` asks of every room's schema and composition does not check. */
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
