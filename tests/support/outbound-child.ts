/**
 * A process that records and sends outbound webhooks of the small agent until it is killed: `node outbound-child.ts
 * <database url> <timeout in ms>`.
 */
import { runOutbound, smallOutbound } from './outbound-fixture.ts';
import { joinSmallAgent } from './small-agent.ts';

const [url, timeoutMs] = process.argv.slice(2) as [string, string];
const small = await joinSmallAgent(url);
await runOutbound(small, smallOutbound(small, { timeoutMs: Number(timeoutMs) }));
process.stdout.write('runs\n');
