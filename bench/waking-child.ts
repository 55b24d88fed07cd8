/**
 * A process that reads another's commits, with a consumer and a live subscriber, and reports when it saw which event:
 * `node waking-child.ts <database url> <redis url, or -> <notify, or ->`.
 */
import { silentLogger } from '../platform/log.ts';
import { on } from '../platform/consumers/handler.ts';
import { LiveLog } from '../platform/events/live.ts';
import { joinSmallAgent, noteWritten } from '../tests/support/small-agent.ts';
import { connectRings } from './wakings.ts';

const [url, redis, notify] = process.argv.slice(2).map((value) => (value === '-' ? undefined : value));
const { relay } = await connectRings({ redis, notify });
const small = await joinSmallAgent(url!, relay);
const { signal } = new AbortController();
const saw = (how: string, id: string): void => void process.send!({ how, id, at: now() });
/** The time, comparable between processes of one machine. */
const now = (): number => performance.timeOrigin + performance.now();

const consumer = small.consumer('reader', [
  on(noteWritten.type, noteWritten.payload, async (_, event) => saw('consumer', event.payload.text)),
]);
await consumer.register();
const live = new LiveLog({ kysely: small.kysely, notifier: small.notifier, log: silentLogger });
void live.run(signal);
void consumer.run(signal);
const events = live.follow({ types: [noteWritten.type], signal });
// The subscriber has joined when its first event comes: from then on every event is seen.
for await (const { event } of events) saw('subscriber', (event.payload as { text: string }).text);
