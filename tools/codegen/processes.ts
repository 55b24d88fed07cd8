/** The processes that the deployment files run, as the files have them: which agents, and how many at a time. */
import { parse, parseAllDocuments } from 'yaml';
import { choiceIn, chosenAgents } from '../../bin/process/chosen-agents.ts';
import type { ProcessKind } from '../../db/connect/connection-counts.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';

/** The part of an agent's definition by which it is deployed. */
export type DeployedAgent = Pick<AgentDefinition, 'name' | 'area' | 'readsMayLag'>;

/** Those of docker-compose.yml: each service is one process. */
export function processesOfCompose(text: string, agents: readonly DeployedAgent[]): ProcessKind[] {
  const { services } = parse(text, { merge: true }) as { services: Record<string, { command?: readonly string[] }> };
  return Object.values(services).flatMap(({ command }) => processesOf(command, agents, 1));
}

/**
 * Those of Kubernetes: of each Deployment as many as its autoscaler makes at most, twice. While it is updated, `maxSurge`
 * bounds the pods that serve, and counts none that is ending, which may take `terminationGracePeriodSeconds`
 * (https://github.com/kubernetes/kubernetes/issues/95498): all pods of a release may end while all of the next are there.
 */
export function processesOfKubernetes(texts: readonly string[], agents: readonly DeployedAgent[]): ProcessKind[] {
  const manifests = texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
  const scalers = manifests.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind !== 'Deployment') return [];
    const scaler = scalers.find((one) => one.spec.scaleTargetRef?.name === metadata.name);
    const most = scaler?.spec.maxReplicas ?? spec.replicas!;
    return spec.template!.spec.containers.flatMap(({ args }) => processesOf(args, agents, 2 * most));
  });
}

/** The part of a manifest that counts processes. */
interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: {
    replicas?: number;
    template?: { spec: { containers: { args?: readonly string[] }[] } };
    scaleTargetRef?: { name: string };
    maxReplicas?: number;
  };
}

/** The processes that a command runs for good. Commands that end have their connections from the reserve. */
function processesOf(
  [file, ...args]: readonly string[] = [],
  agents: readonly DeployedAgent[],
  replicas: number,
): ProcessKind[] {
  if (file === 'bin/gateway.ts') return [{ agents: [], replicas }];
  return file === 'bin/agent.ts' ? [{ agents: chosenAgents(agents, choiceIn(args)), replicas }] : [];
}
