/**
 * `npm run distributed`: Agora as many processes on this machine, to try what a deployment does. `--empty` without demo
 * data, `--verbose` with what the processes write, `--new-keys` although the keys of its database are lost.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requireUnowned } from '../db/embedded-postgres.ts';
import { readConfig } from '../platform/config/config.ts';
import { givenTls } from '../platform/http/given-tls.ts';
import { startCluster } from './distributed/cluster.ts';
import { requireFreePort } from './process/listen.ts';
import { wantsEmpty } from './process/wants-empty.ts';

const say = (line: string): void => console.log(`  ${line}`);
const begun = performance.now();
const REPEAT_MS = 500;
let stoppingSince: number | undefined;
const stopping = new AbortController();

try {
  const { values } = parseArgs({
    options: { empty: { type: 'boolean' }, verbose: { type: 'boolean' }, 'new-keys': { type: 'boolean' } },
  });
  const config = readConfig(process.env);
  const data = join(config.AGORA_DATA, 'distributed');
  const gatewayPorts = [config.PORT, config.PORT && config.PORT + 1];
  givenTls(config);
  requireUnowned(join(data, 'postgres'));
  for (const port of gatewayPorts)
    await requireFreePort({ port, host: config.HOST, variable: 'PORT', command: 'npm run distributed' });
  console.log('Agora is starting, as many processes.');
  const starting = startCluster({
    data,
    gatewayPorts,
    demo: !wantsEmpty(values.empty, process.env.npm_config_empty),
    newKeys: values['new-keys'],
    keepsStatementStatistics: config.DATABASE_STATEMENT_STATISTICS === 'on',
    signal: stopping.signal,
    report: say,
    onLine: values.verbose ? (member, line) => console.log(`${member.padEnd(18)} ${line}`) : undefined,
  });
  const stop = async (): Promise<void> => {
    if (stoppingSince !== undefined) {
      // A second signal of the same Ctrl-C must not cut the first one's work short.
      if (performance.now() - stoppingSince > REPEAT_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    console.log('Agora is stopping.');
    stopping.abort();
    // Also a cluster that is still starting: nothing may be left behind.
    await (await starting.catch(() => undefined))?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  const cluster = await starting;
  console.log(`\nAgora is ready in ${((performance.now() - begun) / 1000).toFixed(1)} s.\n`);
  for (const { name, pid, url } of cluster.members) say(`${name.padEnd(18)} ${String(pid).padStart(8)}  ${url}`);
  console.log();
  say(`GraphQL and GraphiQL   ${cluster.gateways.map((url) => `${url}/graphql`).join('   ')}`);
  if (cluster.withDemo) say('Sign in as             customer@agora.test, password agora-demo');
  else say(`Administrator          AGORA_DATA=${data} npm run admin:new -- --email … --name …, if there is none yet`);
  say('Kill any of them, and see what happens; it is started again. Ctrl-C stops everything.\n');
} catch (error) {
  // Stopped on purpose: the signal's handler ends the process.
  if (stoppingSince !== undefined) await new Promise(() => {});
  console.error(`\nAgora did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
