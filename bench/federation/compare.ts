/** Loads rivals in turn with the same requests, and prints the cost of each relative to the first. */
import { isDeepStrictEqual } from 'node:util';
import { median, spread, table } from '../figures.ts';
import { type Load, load, post, type Rival } from './rival.ts';

/** A query under comparison. */
export interface Question {
  name: string;
  /** The body of the n-th request. */
  bodyOf(n: number): string;
  /** Requests in each round, to each rival. */
  requests: number;
}

/** Rounds before the measurement, for the compilers to be done. */
const WARM_ROUNDS = 2;

/** Prints a table: CPU a request and requests a second, the first rival's as 1. @throws Error if they do not answer alike */
export async function compare(
  title: string,
  rivals: readonly Rival[],
  questions: readonly Question[],
  rounds: number,
): Promise<void> {
  const rows: string[][] = [];
  for (const question of questions) {
    await alike(rivals, question);
    const loads = new Map<Rival, Load[]>(rivals.map((rival) => [rival, []]));
    for (let round = -WARM_ROUNDS; round < rounds; round++) {
      for (const rival of rivals) {
        const cost = await load(rival, question.bodyOf, question.requests);
        if (round >= 0) loads.get(rival)!.push(cost);
      }
    }
    const first = loads.get(rivals[0]!)!;
    for (const [{ name }, own] of loads) rows.push([question.name, name, ...figures(own, first)]);
  }
  table(title, ['query', 'server', 'CPU a request', 'ratio', 'of rounds', 'requests a second', 'ratio'], rows);
}

function figures(own: readonly Load[], first: readonly Load[]): string[] {
  const [cpu, speed] = [
    (loads: readonly Load[]) => loads.map((l) => l.cpuMs),
    (l: readonly Load[]) => l.map((x) => x.perSecond),
  ];
  // Ratios of neighbours in time, because the machine's other load changes over minutes.
  const ratios = cpu(own).map((ms, round) => ms / first[round]!.cpuMs);
  return [
    `${median(cpu(own)).toFixed(2)} ms`,
    median(ratios).toFixed(2),
    `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
    `${median(speed(own)).toFixed(0)} (${spread(speed(own))})`,
    (median(speed(own)) / median(speed(first))).toFixed(2),
  ];
}

async function alike(rivals: readonly Rival[], { name, bodyOf }: Question): Promise<void> {
  const [expected, ...others] = await Promise.all(
    rivals.map(async ({ url }) => JSON.parse(await post(url, bodyOf(7))).data),
  );
  if (!expected) throw new Error(`${rivals[0]!.name} does not answer ${name}.`);
  others.forEach((data, index) => {
    if (!isDeepStrictEqual(data, expected)) throw new Error(`${rivals[index + 1]!.name} answers ${name} otherwise.`);
  });
}
