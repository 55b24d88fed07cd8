import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import type { Logger } from '../log.ts';
import type { AgentDefinition, AgentParts } from './define-agent.ts';
import { randomOf } from './demo-world.ts';

/** What the loader works on. */
export interface LoadDemoOptions {
  kysely: Kysely<any>;
  kyselyFor?(agent: string): Kysely<any>;
  log: Logger;
  report(line: string): void;
  agents: readonly { definition: AgentDefinition; parts: AgentParts }[];
}

/** Loads the demo data of every agent that has some and has not loaded it yet, each after those it builds on. */
export async function loadDemo(options: LoadDemoOptions): Promise<void> {
  const { kysely, kyselyFor = () => kysely, log, report, agents } = options;
  const { rows } = await raw<{ agent: string }>(kysely, `select agent from platform.demo_load`);
  const loaded = new Set(rows.map((row) => row.agent));
  let waiting = agents.filter(({ definition, parts }) => parts.demo && !loaded.has(definition.name));
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ definition }) => definition.name));
    const next = waiting.find(({ parts }) => !parts.demo!.after.some((name) => names.has(name)));
    if (!next) throw new Error(`the demo data of ${[...names].join(', ')} wait for one another`);
    const started = performance.now();
    await next.parts.demo!.load({ random: randomOf, report, log });
    await raw(
      kyselyFor(next.definition.name),
      `insert into platform.demo_load (agent) values ($1) on conflict do nothing`,
      [next.definition.name],
    );
    report(`${next.definition.name}: demo data in ${Math.round(performance.now() - started)} ms`);
    waiting = waiting.filter((agent) => agent !== next);
  }
}
