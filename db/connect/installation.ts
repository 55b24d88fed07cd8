/** Whether a database was begun with demo data or without, and what that means for a start. */
import type { Kysely } from 'kysely';
import type { Config } from '../../platform/config/config.ts';
import { allowsDemo } from '../../platform/config/trial-features.ts';
import { raw } from '../../platform/data/raw.ts';
import { Fault } from '../../platform/errors.ts';

/** How a database was begun. */
export interface Installation {
  /** Whether demo data belongs in it. */
  withDemo: boolean;
  /** Whether this is its beginning. */
  isNew: boolean;
}

/**
 * A database of an earlier release was begun with demo data if it holds some, and without if it holds accounts alone.
 */
const BEGIN = `
  insert into platform.installation (with_demo)
  select case when exists (select from platform.demo_load) then true
              when exists (select from identity.account) then false
              else $1 end
  on conflict do nothing`;

/**
 * How this database was begun. The first process that asks decides it, and it is kept: of two at once, one.
 * @param wantsDemo whether a database that was not begun yet is to have demo data
 */
export async function installationIn(kysely: Kysely<any>, wantsDemo: boolean): Promise<Installation> {
  const { count } = await raw(kysely, BEGIN, [wantsDemo]);
  const { rows } = await raw<{ withDemo: boolean }>(
    kysely,
    `select with_demo as "withDemo" from platform.installation`,
  );
  return { withDemo: rows[0]!.withDemo, isNew: count > 0 };
}

/** Whether the database holds demo accounts, whose password is public. */
export async function hasDemoAccounts(kysely: Kysely<any>): Promise<boolean> {
  const { rows } = await raw<{ there: boolean }>(
    kysely,
    `select exists (select from platform.demo_load where agent = 'identity') as there`,
  );
  return rows[0]!.there;
}

/** Warning about demo accounts where no password may be public. */
export const DEMO_IN_PRODUCTION =
  'ATTENTION: this database holds the accounts of the demo, which have no place here (NODE_ENV=production, or DEMO_DATA=off). ' +
  'Their password, which everybody knows, is refused. Begin your shop in a database of its own: docs/your-own-shop.md';

/** Whether a start loads demo data into a database that was not begun yet: into the embedded one, in development. */
export const wantsDemo = (empty: boolean | undefined, config: Config): boolean =>
  !empty && !config.DATABASE_URL && config.NODE_ENV !== 'production' && allowsDemo(config);

/** The report of a start about demo data, beside loading it. Without a configuration demo data is allowed. */
export function aboutDemo({ withDemo, isNew }: Installation, wanted: boolean, config?: Config): string | undefined {
  if (config && withDemo && !allowsDemo(config)) return DEMO_IN_PRODUCTION;
  if (withDemo && !wanted)
    return (
      'This database was begun with demo data: its products, and its accounts, whose password everybody knows, are in ' +
      'it. For one without: npm start -- --reset --empty, or another AGORA_DATA or DATABASE_URL'
    );
  if (!withDemo && wanted && !isNew)
    return 'This database was begun without demo data, and none is loaded. For a demo beside it name another AGORA_DATA';
  return undefined;
}

/** Refuses demo data in production, because it is for trials. @throws {Fault} `DEMO_REFUSED` */
export function requireTrial(config: Config): void {
  if (allowsDemo(config)) return;
  throw new Fault(
    'DEMO_REFUSED',
    'Demo data is off (NODE_ENV=production, or DEMO_DATA=off): everybody knows the password of the accounts in the demo data, an administrator’s among ' +
      'them. For a trial that nobody else can reach: DEMO_DATA=on',
  );
}

/**
 * Lets demo data only into a database that was begun with it. @throws {Fault} `DEMO_REFUSED` for another, unless it is
 * forced
 */
export async function beginWithDemo(kysely: Kysely<any>, force = false): Promise<void> {
  if ((await installationIn(kysely, true)).withDemo) return;
  if (!force)
    throw new Fault(
      'DEMO_REFUSED',
      'This database was begun without demo data: somebody’s own shop may be in it, and everybody knows the password of ' +
        'the demo’s administrator. If it is a trial: npm run demo:load -- --force',
    );
  await raw(kysely, 'update platform.installation set with_demo = true');
}
