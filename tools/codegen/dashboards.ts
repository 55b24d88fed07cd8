/**
 * Grafana's dashboards, as JSON that its provisioning reads. Those of the platform are in `dashboards/`, one file each; the
 * panels of a room come of its own declarations.
 */
import { AREAS } from '../../platform/agent/define-agent.ts';
import type { SagaDefinition } from '../../platform/sagas/define-saga.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { agentPerformance } from './dashboards/agent-performance.ts';
import { areaBoard, areaUid } from './dashboards/area.ts';
import { askedBySagas, countedPanels, type ShownAgent } from './dashboards/business.ts';
import { circuitBreakers } from './dashboards/circuit-breakers.ts';
import { type Board, grafana } from './dashboards/grafana.ts';
import { ordersAndSagas } from './dashboards/orders-and-sagas.ts';
import { securityMonitoring } from './dashboards/security-monitoring.ts';
import { systemOverview } from './dashboards/system-overview.ts';
import type { Output } from './output.ts';
import { loadSagas } from './saga-docs.ts';

/** The files of all dashboards, for the rooms that there are. */
export const dashboards = async (): Promise<Output[]> =>
  dashboardsFor(
    await loadAgents(),
    (await loadSagas()).map(({ saga }) => saga),
  );

/** The files for these agents and sagas; an area without anything to show has none. */
export function dashboardsFor(agents: readonly ShownAgent[], sagas: readonly SagaDefinition[]): Output[] {
  const boards = [
    systemOverview,
    agentPerformance,
    securityMonitoring,
    circuitBreakers,
    ordersAndSagas(askedBySagas(agents, sagas).flatMap(countedPanels)),
  ];
  return [
    ...boards.map((board) => fileOf(board.uid, board)),
    ...AREAS.map((area) => fileOf(areaUid(area), areaBoard(area, agents, sagas))),
  ];
}

const fileOf = (uid: string, board: Board | undefined): Output => ({
  path: `deploy/grafana/dashboards/${uid}.json`,
  text: board && `${JSON.stringify(grafana(board), null, 2)}\n`,
});
