import type { ExecutionResult } from 'graphql';
import { parse } from 'graphql';
import { createGraphVersion, type GraphVersion } from '../../gateway/graph/graph-version.ts';
import { graphOf } from '../../gateway/graph/graph.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { ANONYMOUS, Actor } from '../../platform/identity/actor.ts';
import { median, table } from '../figures.ts';
import type { Size } from '../run.ts';
import { type Decision, partsOf } from './parts.ts';

/** 6,000 leaves from two agents. */
const QUERY = 'query ($first: Int!) { products(first: $first) { id name price weight category inStock } }';
const VARIABLES = { first: 1000 };
const RUNS = 12;
const WARM_ROUNDS = 3;
const SIGNED_IN = new Actor({ id: 'user_bench', roles: ['CUSTOMER'] });

type Run = () => Promise<ExecutionResult>;

/** Cost of permissions in a large answer: the same execution with the gate and without, in one process. */
export async function gate({ rounds }: Size): Promise<void> {
  const make = (decision: Decision, onStock?: Decision): Promise<GraphVersion> =>
    createGraphVersion(graphOf(partsOf(decision, onStock)), { policies: {}, onError: () => {} });
  const [open, guarded, partly] = [
    await make('@public'),
    await make('@authenticated'),
    await make('@public', '@authenticated'),
  ];
  const variants: Readonly<Record<string, Run>> = {
    'without the gate': bare(open),
    'everything public': through(open, ANONYMOUS),
    'every object guarded, allowed': through(guarded, SIGNED_IN),
    'one field guarded, allowed': through(partly, SIGNED_IN),
    'one field guarded, denied 1,000 times': through(partly, ANONYMOUS),
  };
  const costs = new Map<string, number[]>(Object.keys(variants).map((name) => [name, []]));
  for (let round = -WARM_ROUNDS; round < rounds; round++) {
    for (const [name, run] of Object.entries(variants)) {
      const cost = await cpuOf(run);
      if (round >= 0) costs.get(name)!.push(cost);
    }
  }
  const first = costs.get('without the gate')!;
  const rows = [...costs].map(([name, own]) => {
    const ratios = own.map((ms, round) => ms / first[round]!);
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    return [name, `${median(own).toFixed(1)} ms`, median(ratios).toFixed(2), range];
  });
  table('The gate before an answer of 6,000 leaves', ['', 'CPU', 'ratio', 'of rounds'], rows);
  await Promise.all([open, guarded, partly].map((generation) => generation.retire()));
}

const contextOf = (actor: Actor): RequestContext => ({ actor, correlationId: 'bench' });

function bare({ execution }: GraphVersion): Run {
  const document = parse(QUERY);
  return () => execution.execute({ document, variables: VARIABLES, context: contextOf(ANONYMOUS) });
}

function through({ execution, gate }: GraphVersion, actor: Actor): Run {
  const document = parse(QUERY);
  return async () => {
    const verdict = await gate.check({ document, variables: VARIABLES, actor });
    if (verdict.kind === 'refused') throw new Error('The gate refused the query.');
    const pruned = verdict.kind === 'pruned' ? verdict : undefined;
    const result = await execution.execute({
      document: pruned?.document ?? document,
      variables: VARIABLES,
      context: contextOf(actor),
    });
    return pruned ? pruned.finish(result) : result;
  };
}

/** CPU of one execution, in milliseconds. */
async function cpuOf(run: Run): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < RUNS; n++) {
    const { data } = await run();
    if ((data?.products as unknown[] | undefined)?.length !== VARIABLES.first)
      throw new Error('The answer is not whole.');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / RUNS;
}
