/** `npm run chaos -- --scenario NAME --seed N --orders N --faults N`; without a scenario, all of them. */
import { parseArgs } from 'node:util';
import { setUp, tearDown } from '../support/test-server.ts';
import { commit } from '../support/machine.ts';
import { recordRun } from './reliability.ts';
import { type Findings, runOf, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    seed: { type: 'string' },
    orders: { type: 'string' },
    faults: { type: 'string' },
    short: { type: 'boolean' },
    record: { type: 'boolean' },
  },
});
const say = (line: string): void => void process.stdout.write(`  ${line}\n`);
const chosen = values.scenario ? SCENARIOS.filter(({ name }) => name === values.scenario) : SCENARIOS;
if (chosen.length === 0) {
  say(`there is no ${values.scenario}: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

await setUp();
try {
  for (const scenario of chosen) await runOne(scenario);
} finally {
  await tearDown();
}

async function runOne(scenario: Scenario): Promise<void> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
  const { orders, faults } = (values.short && scenario.short) || scenario.long;
  const size = { orders: Number(values.orders ?? orders), faults: Number(values.faults ?? faults) };
  process.stdout.write(`\n${scenario.name}: ${size.orders} orders, ${size.faults} faults. ${scenario.does}\n`);
  const run = runOf(seed, size, say);
  const [began, code] = [performance.now(), commit()];
  const findings = await scenario.run(run);
  const minutes = (performance.now() - began) / 60_000;
  report(findings, JSON.stringify(run.history.counts()), minutes);
  if (values.record) recordRun({ scenario, seed, size, findings, counts: run.history.counts(), minutes, commit: code });
  if (findings.violations.length > 0) process.exitCode = 1;
}

function report({ faults, violations, seconds, notes }: Findings, counts: string, minutes: number): void {
  say(`${faults}; ${counts}; in ${minutes.toFixed(1)} min${notes ? `; ${notes}` : ''}`);
  if (violations.length === 0) return say(`nothing is wrong, ${seconds.toFixed(1)} s after the last fault`);
  say(`${violations.length} VIOLATIONS, ${seconds.toFixed(1)} s after the last fault:`);
  for (const violation of violations) say(`- ${violation}`);
}
