import type { Kysely } from 'kysely';
import { refill } from '../consumers/backfill.ts';
import { raw } from '../data/raw.ts';
import { cursorRow } from '../consumers/cursor-row.ts';
import type { Logger } from '../log.ts';
import { agentOf, placeOf } from '../projections/projection.ts';
import { sleep } from '../sleep.ts';
import type { AgentDefinition, AgentParts } from './define-agent.ts';
import { randomOf } from './demo-world.ts';

/** Options of the loader. */
export interface LoadDemoOptions {
  kysely: Kysely<any>;
  kyselyFor?(agent: string): Kysely<any>;
  log: Logger;
  report(line: string): void;
  agents: readonly { definition: AgentDefinition; parts: AgentParts }[];
}

/**
 * Loads the demo data of every agent that has some and has not loaded it yet, each after those it builds on. Demo data
 * has no events, so projections are backfilled anew. Returns the names of their consumers.
 */
export async function loadDemo(options: LoadDemoOptions): Promise<string[]> {
  const { kysely, kyselyFor = () => kysely, log, report, agents } = options;
  const { rows } = await raw<{ agent: string }>(kysely, `select agent from platform.demo_load`);
  const loaded = new Set(rows.map((row) => row.agent));
  let waiting = agents.filter(({ definition, parts }) => parts.demo && !loaded.has(definition.name));
  const filled = new Set<string>();
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ definition }) => definition.name));
    const next = waiting.find(({ parts }) => !parts.demo!.after.some((name) => names.has(name)));
    if (!next) throw new Error(`the demo data of ${[...names].join(', ')} wait for one another`);
    const started = performance.now();
    await next.parts.demo!.load({ random: randomOf, report, log });
    // Refill before the load is recorded: a crash in between repeats both.
    for (const name of await refillAll(options)) filled.add(name);
    await raw(
      kyselyFor(next.definition.name),
      `insert into platform.demo_load (agent) values ($1) on conflict do nothing`,
      [next.definition.name],
    );
    report(`${next.definition.name}: demo data in ${Math.round(performance.now() - started)} ms`);
    waiting = waiting.filter((agent) => agent !== next);
  }
  return [...filled];
}

/** Has registered consumers with a backfill filled anew, and returns their names. */
async function refillAll({ kysely, kyselyFor = () => kysely, agents }: LoadDemoOptions): Promise<string[]> {
  const projections = agents.flatMap(({ definition: { name, projections = [] }, parts }) => [
    ...(parts.backfill ? [name] : []),
    ...projections.map((projection) => placeOf(name, projection).consumer),
  ]);
  const begun = projections.map((consumer) =>
    kyselyFor(agentOf(consumer))
      .transaction()
      .execute((transaction) => refill(transaction, consumer)),
  );
  const isBegun = await Promise.all(begun);
  return projections.filter((_, n) => isBegun[n]);
}

/** Longest wait for projections, in milliseconds: they are filled in the background. */
const FILLED_WITHIN_MS = 60_000;

/** Waits until these projections are filled, for a minute at most, or until the signal aborts. */
export async function untilFilled(
  { kysely, kyselyFor = () => kysely, report }: Pick<LoadDemoOptions, 'kysely' | 'kyselyFor' | 'report'>,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + FILLED_WITHIN_MS;
  let waiting = [...names];
  while (waiting.length > 0 && !signal.aborted && performance.now() < deadline) {
    const rows = await Promise.all(waiting.map((name) => cursorRow(kyselyFor(agentOf(name)), name)));
    waiting = waiting.filter((_, n) => rows[n]!.isFilling);
    if (waiting.length > 0) await sleep(50, signal);
  }
  if (waiting.length > 0 && !signal.aborted) report(`${waiting.join(', ')}: not filled yet`);
}
