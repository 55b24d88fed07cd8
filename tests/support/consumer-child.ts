/** A process that runs a consumer until it is killed: `node consumer-child.ts <database url> <consumer>`. */
import { on } from '../../platform/consumers/handler.ts';
import { joinSmallAgent, noteEffect, noteRead, noteWritten } from './small-agent.ts';

const [url, name] = process.argv.slice(2) as [string, string];
const small = await joinSmallAgent(url);
const consumer = small.consumer(name, [
  on(noteWritten.type, noteWritten.payload, async ({ sql, publish }, event) => {
    await noteEffect(sql, name, event);
    publish(noteRead, {
      aggregateId: event.aggregateId,
      aggregateVersion: event.aggregateVersion,
      payload: { id: event.aggregateId },
    });
  }),
]);
await consumer.register();
process.stdout.write('runs\n');
await consumer.run(new AbortController().signal);
