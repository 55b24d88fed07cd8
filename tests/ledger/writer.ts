/**
 * A process that makes batches of transfers until it is killed: `node writer.ts <database url> <number> <first batch>
 * <wallets> <batch>`. It reports each batch after its commit, in a line: its number, and how many of its transfers were
 * made, were made before, and were refused.
 */
import { systemClock } from '../../platform/clock.ts';
import type { TransferResult } from '../../platform/ledger/transfer.ts';
import { joinLedger } from '../support/ledger.ts';
import { requestsOf } from './requests.ts';

const [url, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [writer, first, wallets, batch] = numbers.map(Number) as [number, number, number, number];
const { make } = joinLedger(url, systemClock);
const count = (results: readonly TransferResult[], outcomes: readonly string[]): number =>
  results.filter(({ outcome }) => outcomes.includes(outcome)).length;

for (let n = first; ; n++) {
  const results = await make(requestsOf(writer, n, { wallets, batch }));
  const [created, existed] = [count(results, ['CREATED']), count(results, ['EXISTS'])];
  process.stdout.write(`${n} ${created} ${existed} ${results.length - created - existed}\n`);
}
