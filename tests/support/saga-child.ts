/** A process that runs sagas until it is killed: `node saga-child.ts <database url> <instance>`. */
import { startEffectWorker } from './effect-sagas.ts';
import { testPool } from './test-pool.ts';

const [url, instance] = process.argv.slice(2) as [string, string];
const pool = (max: number, name: string) =>
  testPool({ url, max, name: `agora test ${instance} ${name}`, int8: 'text' });
const worker = await startEffectWorker({ url, sagas: pool(6, 'sagas'), effects: pool(10, 'effects') }, instance);
process.once('SIGTERM', () => void worker.stop().then(() => process.exit(0)));
process.stdout.write('runs\n');
