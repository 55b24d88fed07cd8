/** Writes the results of a run into docs/reliability.md: the last run of each scenario. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machine } from '../support/machine.ts';
import type { History } from './history.ts';
import type { Findings, Scenario } from './scenario.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILE = join(ROOT, 'docs/reliability.md');
const [BEGIN, END] = ['<!-- results: written by npm run chaos -- --record -->', '<!-- end of results -->'];

/** A run that is over. */
export interface FinishedRun {
  scenario: Scenario;
  seed: number;
  size: { orders: number; faults: number };
  findings: Findings;
  counts: ReturnType<History['counts']>;
  minutes: number;
  /** The commit at which it began. */
  commit: string;
}

/** Writes the run's line, in place of the scenario's earlier one. */
export function recordRun(run: FinishedRun): void {
  const text = readFileSync(FILE, 'utf8');
  const [before, rest] = text.split(BEGIN) as [string, string];
  const [results, after] = rest.split(END) as [string, string];
  const name = `| ${run.scenario.name} |`;
  const lines = results.split('\n').filter((line) => line !== '' && !line.startsWith(name));
  writeFileSync(FILE, `${before}${BEGIN}\n${[...lines, lineOf(run)].join('\n')}\n${END}${after}`);
}

function lineOf({ scenario, seed, findings, counts, minutes, commit }: FinishedRun): string {
  const { faults, violations, seconds, notes } = findings;
  const answers = `${counts.sent} sent, ${counts.accepted} times accepted, ${counts.failed} failed, ${counts.unanswered} unanswered`;
  const cells = [
    scenario.name,
    String(seed),
    answers,
    notes ? `${faults}; ${notes}` : faults,
    violations.length === 0 ? '0' : `**${violations.length}**`,
    `${seconds.toFixed(1)} s`,
    `${minutes.toFixed(1)} min`,
    `${machine()}, ${commit}`,
  ];
  return `| ${cells.join(' | ')} |`;
}
