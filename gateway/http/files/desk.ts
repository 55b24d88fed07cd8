import type { TransferAnswer } from '../../../platform/files/transfer.ts';
import { Fault } from '../../../platform/errors.ts';
import { serviceActor } from '../../../platform/identity/actor.ts';
import { isSealed } from '../../../platform/secrets/secrets.ts';
import { endpointWith } from '../../graph/endpoint-with.ts';
import type { Graph } from '../../graph/graph.ts';

/** How long an agent may take to answer about a link, in milliseconds. */
const ASK_MS = 10_000;
const PATH = /^\/files\/([a-z][a-z0-9]{1,30})\/([\w.-]{1,1000})$/;

/** The agent that a link belongs to, as the gateway asks it. */
export interface FileDesk {
  /** Asks what the link allows, or tells what was stored. @throws Fault UNAVAILABLE */
  ask(received?: { key: string; sha256: string }): Promise<TransferAnswer>;
}

/** Finds the agent of a link. Undefined for a path that is no link of an agent with files. */
export function fileDesk(
  graph: Pick<Graph, 'supergraphSdl' | 'endpoints'>,
  pathname: string,
  correlationId: string,
): FileDesk | undefined {
  const [, agent = '', link = ''] = PATH.exec(pathname) ?? [];
  const field = `transfer${agent.charAt(0).toUpperCase()}${agent.slice(1)}File`;
  const subgraph = endpointWith(graph, agent, field);
  if (!subgraph || !isSealed(link)) return undefined;
  const query = `mutation ($input: TransferFileInput!) {
    ${field}(input: $input) { outcome transfer { action key bytes name mediaType } } }`;
  return {
    async ask(received) {
      const context = { actor: serviceActor('gateway'), correlationId, signal: AbortSignal.timeout(ASK_MS) };
      const result = await subgraph.execute({ query, variables: { input: { link, received } } }, context);
      const answer = (result.data as Record<string, TransferAnswer | null> | null | undefined)?.[field];
      if (answer?.outcome) return answer;
      throw new Fault('UNAVAILABLE', `${agent} did not answer about a file.`, {
        cause: result.errors?.[0],
        recovery: 'RETRY',
      });
    },
  };
}
