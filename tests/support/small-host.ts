/** A host of small agents, for tests of how a host treats its agents. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { type AgentDefinition, type AgentParts, defineAgent } from '../../platform/agent/define-agent.ts';
import { createHost, type Host, type HostOptions } from '../../platform/agent/host.ts';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config/config.ts';
import { tokensFrom } from '../../platform/identity/tokens.ts';
import { silentLogger } from '../../platform/log.ts';
import { newKey } from '../../platform/secrets/key-ring.ts';
import { secretsWith } from '../../platform/secrets/secrets.ts';
import type { SmallAgent } from './small-agent.ts';

/** An agent whose room is this folder, with a `schema.graphql` in it. */
export const agentIn = (
  folder: string,
  name: string,
  build: (context: AgentContext) => AgentParts,
  more: Partial<Pick<AgentDefinition, 'claims' | 'confined' | 'entities'>> = {},
): AgentDefinition =>
  defineAgent({
    name,
    area: 'system',
    title: name,
    description: `The agent ${name}.`,
    skills: [],
    at: pathToFileURL(join(folder, 'agent.ts')).href,
    entities: [],
    emits: [],
    ...more,
    build,
  });

const tokenKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

/** A host of these agents on the database of the small agent. */
export const hostOf = (
  small: SmallAgent,
  agents: readonly AgentDefinition[],
  more: Partial<HostOptions> = {},
): Promise<Host> =>
  createHost({
    agents,
    kysely: small.kysely,
    config: readConfig({ NODE_ENV: 'test' }),
    log: silentLogger,
    clock: systemClock,
    tokens: tokensFrom(tokenKey),
    secrets: secretsWith([newKey()]),
    signer: small.signer,
    sagas: { url: small.database.url, pool: small.database.pool },
    instance: 'test',
    ...more,
  });
