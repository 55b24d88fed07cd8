/** Grafana's dashboards, as JSON that its provisioning reads. Their panels are in `dashboards/`, one file each. */
import { agentPerformance } from './dashboards/agent-performance.ts';
import { circuitBreakers } from './dashboards/circuit-breakers.ts';
import { type Board, grafana } from './dashboards/grafana.ts';
import { ordersAndSagas } from './dashboards/orders-and-sagas.ts';
import { securityMonitoring } from './dashboards/security-monitoring.ts';
import { systemOverview } from './dashboards/system-overview.ts';
import type { Output } from './output.ts';

const BOARDS: readonly Board[] = [
  systemOverview,
  agentPerformance,
  securityMonitoring,
  circuitBreakers,
  ordersAndSagas,
];

/** The files of all dashboards. */
export const dashboards = (): Output[] =>
  BOARDS.map((board) => ({
    path: `deploy/grafana/dashboards/${board.uid}.json`,
    text: `${JSON.stringify(grafana(board), null, 2)}\n`,
  }));
