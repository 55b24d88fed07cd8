/**
 * `npm run admin:new -- --email you@shop.example --name "Your Name"`: the first administrator of a shop. The password
 * is asked for at the terminal, or is the first line of standard input; `--generate` makes one and shows it once.
 * `--another` makes a further one, for when nobody can sign in as an administrator any more. Agora may run meanwhile.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { GraphQLError } from 'graphql';
import type { Kysely } from 'kysely';
import { systemClock } from '../platform/clock.ts';
import { agentDatabases, readConfig } from '../platform/config/config.ts';
import { createStore } from '../platform/store/store.ts';
import { Fault, Refusal } from '../platform/errors.ts';
import { LogNotifier } from '../platform/events/log-notifier.ts';
import { eventSigner } from '../platform/events/signing.ts';
import { scalars } from '../platform/graphql/scalars.ts';
import { Actor } from '../platform/identity/actor.ts';
import { newId } from '../platform/ids.ts';
import { administratorService, hasAdministrator } from '../subgraphs/identity/administrators/service.ts';
import type { Tables } from '../subgraphs/identity/entities.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { runCommand } from './process/command.ts';
import { directAddress } from '../db/connect/direct-address.ts';
import { installationIn } from '../db/connect/installation.ts';
import { requireKeysOfProcesses } from '../platform/secrets/given-keys.ts';
import { knownKeys } from '../db/connect/known-keys.ts';
import { pendingIn } from '../db/connect/migrate-database.ts';
import { givenPassword } from './process/given-password.ts';
import { onDatabase } from '../db/connect/on-database.ts';

const USAGE = 'npm run admin:new -- --email you@shop.example --name "Your Name" [--generate] [--another]';

await runCommand('No administrator was made', async (say) => {
  const { values } = parseArgs({
    options: {
      email: { type: 'string' },
      name: { type: 'string' },
      generate: { type: 'boolean' },
      another: { type: 'boolean' },
    },
  });
  const { email, name, generate, another: isAnother } = values;
  if (!email || !name) throw new Fault('WHO_NOT_GIVEN', `Say who: ${USAGE}`);
  const who = { email: checkEmail(email), name, isAnother };
  const config = readConfig(process.env);
  const agents = await loadAgents();
  const own = agentDatabases(process.env, [...agents.map((agent) => agent.name), 'gateway']).get('identity');
  await onDatabase({ config, given: own ?? config.DATABASE_URL, name: 'agora admin' }, async (kysely, url) => {
    await requireTables(directAddress(url, config), agents);
    // An event announces the account, and no consumer would trust one that is signed with an unknown key.
    requireKeysOfProcesses(config, ['EVENT_KEYS']);
    await requireNone(kysely, isAnother);
    const signer = eventSigner(await knownKeys(kysely, config, 'EVENT_KEYS'));
    const password = generate ? randomBytes(18).toString('base64url') : await givenPassword();
    const store = createStore<Tables>({ agent: 'identity', kysely, notifier: new LogNotifier(), signer });
    const context = { actor: new Actor({ id: 'command:admin:new', roles: [] }), correlationId: newId('req') };
    try {
      await administratorService({ store, clock: systemClock }).makeAdministrator({ ...who, password }, context);
    } catch (error) {
      if (error instanceof Refusal) throw new Fault(error.code, error.message);
      throw error;
    }
    say(`${email} is an administrator now, and signs in with \`signIn\`.`);
    if (generate) say(`The password, which is shown here only: ${password}`);
    say('Next: docs/your-own-shop.md. To give others a role: `setUserRoles`.');
  });
});

function checkEmail(email: string): string {
  try {
    return scalars.EmailAddress.parseValue(email) as string;
  } catch (error) {
    if (error instanceof GraphQLError)
      throw new Fault(
        'BAD_EMAIL',
        `--email must be an e-mail address, such as you@shop.example: ${JSON.stringify(email)} is none.`,
      );
    throw error;
  }
}

/** Checked before a password is asked for. @throws {Fault} `ADMINISTRATOR_THERE` */
async function requireNone(kysely: Kysely<any>, isAnother: boolean | undefined): Promise<void> {
  const { withDemo } = await installationIn(kysely, false);
  if (isAnother || !(await hasAdministrator(kysely))) return;
  throw new Fault(
    'ADMINISTRATOR_THERE',
    `There is an administrator already${withDemo ? ', by the demo data' : ''}: sign in as one, and use \`setUserRoles\`. If nobody can ` +
      'any more, add --another.',
  );
}

/** @throws {Fault} `NOT_MIGRATED` */
async function requireTables(url: string, agents: Awaited<ReturnType<typeof loadAgents>>): Promise<void> {
  if ((await pendingIn(url, agents)).length === 0) return;
  throw new Fault(
    'NOT_MIGRATED',
    'The tables of this release are not there yet: start Agora once, or run `npm run db:migrate`.',
  );
}
