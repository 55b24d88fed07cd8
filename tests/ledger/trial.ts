/**
 * Random transfers by several processes on the same accounts, some of which are killed with `kill -9` and started again
 * where they were. At the end the database alone tells whether the ledger is whole.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { kyselyOver } from '../../db/kysely.ts';
import { systemClock } from '../../platform/clock.ts';
import { dieWithParent } from '../../platform/die-with-parent.ts';
import { type LedgerCheck, checkLedger } from '../../platform/ledger/check.ts';
import { MAX_TRANSFERS } from '../../platform/ledger/transfer.ts';
import { sleep } from '../../platform/sleep.ts';
import { BOOKS, joinLedger, type TestLedger } from '../support/ledger.ts';
import { testPool } from '../support/test-pool.ts';
import { accountsFor, type Size } from './requests.ts';

/** Options of a trial. */
export interface TrialOptions extends Size {
  /** Address of a database with the ledger's tables. */
  url: string;
  /** Transfers to be made. */
  transfers: number;
  writers: number;
  kills: number;
  say?(line: string): void;
}

/** What came of it. */
export interface Trial extends LedgerCheck {
  /** Transfers that the writers report as made, made before, and refused. */
  reported: { created: number; existed: number; refused: number };
  kills: number;
  seconds: number;
}

/** A writer, and the batch that it is at. */
interface Writer {
  child: ChildProcess;
  batch: number;
}

/** Runs a trial. */
export async function runTrial(options: TrialOptions): Promise<Trial> {
  const { url, transfers, writers: number, kills, say = () => {} } = options;
  const books = joinLedger(url, systemClock);
  await prepare(books, options);
  const began = performance.now();
  const reported = { created: 0, existed: 0, refused: 0 };
  const ending = new AbortController();
  const writers: Writer[] = [];
  const start = (writer: number, batch: number): Writer => {
    const at = { child: spawnWriter(options, writer, batch), batch };
    createInterface({ input: at.child.stdout! }).on('line', (line) => {
      const [n, created, existed, refused] = line.split(' ').map(Number) as [number, number, number, number];
      at.batch = n + 1;
      reported.created += created;
      reported.existed += existed;
      reported.refused += refused;
      if (reported.created >= transfers) ending.abort();
    });
    at.child.on('exit', (code) => code !== null && ending.abort());
    return at;
  };
  for (let n = 0; n < number; n++) writers.push(start(n, 0));
  const expiring = keepExpiring(books, ending.signal);
  let killed = 0;
  let told = performance.now();
  while (!ending.signal.aborted) {
    await sleep(20, ending.signal);
    if (killed < kills && reported.created > (transfers * (killed + 1)) / (kills + 1)) {
      const n = killed++ % number;
      writers[n] = start(n, await kill(writers[n]!));
    }
    if (performance.now() - told > 10_000) {
      told = performance.now();
      say(`${reported.created} transfers, ${killed} kills`);
    }
  }
  for (const writer of writers) await kill(writer);
  await expiring;
  const seconds = (performance.now() - began) / 1000;
  await books.expire();
  await books.end();
  say('checking');
  return { ...(await check(url)), reported, kills: killed, seconds };
}

/** Checks the ledger in a session without limits of time, as the operator's command does. */
async function check(url: string): Promise<LedgerCheck> {
  const pool = testPool({ url, max: 1, statementTimeout: 0, transactionTimeout: 0 });
  try {
    return await checkLedger(kyselyOver(pool), BOOKS);
  } finally {
    await pool.end();
  }
}

/** Opens the accounts, and pays something into each wallet. */
async function prepare({ open, make }: TestLedger, size: Size): Promise<void> {
  const accounts = accountsFor(size);
  for (let at = 0; at < accounts.length; at += MAX_TRANSFERS) {
    const some = accounts.slice(at, at + MAX_TRANSFERS);
    await open(some);
    await make(
      some
        .filter(({ code }) => code === 'WALLET')
        .map(({ id, ledger }) => {
          const between = { debitAccount: accounts[0]!.id, creditAccount: id };
          return { kind: 'POSTED', id: `fund ${id}`, code: 'FUND', ...between, ledger, amount: 200n };
        }),
    );
  }
}

function spawnWriter({ url, wallets, batch: size }: TrialOptions, writer: number, batch: number): ChildProcess {
  const script = join(import.meta.dirname, 'writer.ts');
  const numbers = [writer, batch, wallets, size].map(String);
  const [command, args] = dieWithParent(process.execPath, ['--no-warnings', script, url, ...numbers]);
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Kills a writer, and returns the batch that its successor begins with: perhaps one that was committed. */
async function kill(writer: Writer): Promise<number> {
  if (writer.child.exitCode === null && writer.child.signalCode === null) {
    // Its last lines are read, too.
    const gone = once(writer.child, 'close');
    writer.child.kill('SIGKILL');
    await gone;
  }
  return writer.batch;
}

/** Runs the job that expires pending transfers, as an agent does. */
async function keepExpiring({ expire }: TestLedger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await expire();
    await sleep(500, signal);
  }
}
