/** Agora as processes with nothing but their agents' own roles, past PgBouncer or through it. */
import { createPublicKey } from 'node:crypto';
import { tokensFrom } from '../../platform/identity/tokens.ts';
import { agentNames } from '../../subgraphs/index.ts';
import { type Agora, openAgora } from './agent-process.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import type { TestPlatform } from './platform.ts';
import { startPooler } from './pooler.ts';
import { type TestRoles, testRoles } from './roles.ts';

/** Running processes, and their shop behind the gateway. */
export interface RoleProcesses {
  shop: TestPlatform;
  agora: Agora;
  roles: TestRoles;
  /** The agents of each process but the gateway's. */
  groups: readonly (readonly string[])[];
  /** The address with which the processes have an agent's role, or `gateway`'s. */
  url(owner: string): string;
  close(): Promise<void>;
}

/** All agents but these share a process. */
const APART = ['payment', 'orchestration'];

/** Starts them. @param pooled through a PgBouncer in transaction mode, where a connection can be */
export async function openRoleProcesses({ pooled = false } = {}): Promise<RoleProcesses> {
  const endings: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let end = endings.pop(); end; end = endings.pop()) await end();
  };
  try {
    const names = agentNames();
    const agora = await openAgora();
    const roles = await testRoles(agora.database.url, names);
    endings.push(roles.drop, agora.close, roles.end);
    const pooler = pooled ? await startPooler(Object.values(roles.env)) : undefined;
    if (pooler) endings.push(pooler.end);
    const url = (owner: string): string => addressOf(roles.url(owner), pooler?.address);
    const only = (agents: readonly string[]): Record<string, string> => ({
      // An empty variable counts as absent.
      DATABASE_URL: '',
      ...(pooler && { DATABASE_DIRECT_URL: agora.database.url, DATABASE_PREPARE: 'false' }),
      ...Object.fromEntries(agents.map((agent) => [`DATABASE_URL_${agent.toUpperCase()}`, url(agent)])),
    });
    const together = names.filter((name) => !APART.includes(name));
    const groups = [together, ...APART.map((name) => [name])];
    const starting = Promise.all(groups.map((all) => agora.start(all, only(all))));
    starting.catch(() => {}); // Awaited below.
    const { REQUEST_KEYS, TOKEN_KEY } = agora.env as Record<string, string>;
    const TOKEN_PUBLIC_KEY = createPublicKey(TOKEN_KEY!).export({ type: 'spki', format: 'pem' }) as string;
    const gateway = await startGatewayProcess({ ...only(['gateway']), REQUEST_KEYS: REQUEST_KEYS!, TOKEN_PUBLIC_KEY });
    endings.push(() => gateway.end('SIGKILL'));
    await starting;
    await allAreServed(gateway, names);
    const tokens = tokensFrom(TOKEN_KEY!);
    const ask: TestPlatform['ask'] = async (query, variables, as) => {
      const token = as && (await tokens.sign(as.claims(), 900, new Date())).token;
      return { ...(await gateway.ask(query, variables, token)), status: 200 } as never;
    };
    return { shop: { ask, kysely: agora.database.kysely } as TestPlatform, agora, roles, groups, url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function addressOf(url: string, pooler: string | undefined): string {
  return pooler ? Object.assign(new URL(url), { host: pooler }).href : url;
}

/** Waits until the gateway has found every agent. */
async function allAreServed({ url }: GatewayProcess, agents: readonly string[]): Promise<void> {
  const end = Date.now() + 60_000;
  for (const agent of agents) {
    while ((await fetch(`${url}/health/${encodeURIComponent(`agent:${agent}`)}`)).status !== 200) {
      if (Date.now() > end) throw new Error(`the gateway does not find ${agent}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
