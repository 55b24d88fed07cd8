import type { Area } from '../../../platform/agent/define-agent.ts';
import type { SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import { consumerPanels, countedPanels, sagaPanels, type ShownAgent } from './business.ts';
import type { Board } from './grafana.ts';

/** The dashboard of an area, one agent after the other; undefined where they declare nothing to show. */
export function areaBoard(
  area: Area,
  agents: readonly ShownAgent[],
  sagas: readonly SagaDefinition[],
): Board | undefined {
  const panels = agents
    .filter((agent) => agent.area === area)
    .flatMap((agent) =>
      [...countedPanels(agent), ...consumerPanels(agent), ...sagaPanels(agent, sagas)].map((panel) => ({
        ...panel,
        title: `${agent.title}: ${panel.title}`,
      })),
    );
  if (panels.length === 0) return undefined;
  return {
    uid: areaUid(area),
    title: `${area.charAt(0).toUpperCase()}${area.slice(1)}`,
    description: `What the agents of the area ${area} count, handle and do for sagas.`,
    panels,
  };
}

/** The dashboard's name in Grafana's addresses, and its file's. */
export const areaUid = (area: Area): string => `agora-area-${area}`;
