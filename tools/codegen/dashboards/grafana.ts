/** The little of Grafana's dashboard model that we use (https://grafana.com/docs/grafana/latest/dashboards/json-model). */

/** One panel. */
export interface Panel {
  title: string;
  /** Description: what it shows, and which values are worrying. */
  says: string;
  /** Queries in PromQL, and the names of their series. */
  shows: readonly (readonly [expression: string, legend: string])[];
  /** A unit of Grafana's. @default 'short' */
  unit?: string;
  /** `stat` for one figure now, `state` for a coloured line of states. @default 'timeseries' */
  as?: 'timeseries' | 'stat' | 'state';
  /** Width, of 24 columns. @default 8 */
  width?: number;
  /** Thresholds above which it is yellow, and red. */
  limits?: readonly [warning: number, critical: number];
}

/** One dashboard. */
export interface Board {
  uid: string;
  title: string;
  description: string;
  panels: readonly Panel[];
}

const DATASOURCE = { type: 'prometheus', uid: 'prometheus' };
const TYPES = { timeseries: 'timeseries', stat: 'stat', state: 'state-timeline' } as const;
const HEIGHT = 7;

/** The dashboard as Grafana reads it. */
export const grafana = ({ uid, title, description, panels }: Board): object => ({
  uid,
  title: `Agora: ${title}`,
  description,
  tags: ['agora'],
  schemaVersion: 39,
  editable: false,
  refresh: '30s',
  time: { from: 'now-3h', to: 'now' },
  templating: { list: [] },
  panels: placed(panels).map(({ panel, at }, index) => panelOf(panel, at, index + 1)),
});

interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Places panels from left to right, and on into the next row. */
function placed(panels: readonly Panel[]): { panel: Panel; at: Place }[] {
  let [x, y] = [0, 0];
  return panels.map((panel) => {
    const w = panel.width ?? 8;
    if (x + w > 24) [x, y] = [0, y + HEIGHT];
    const at = { x, y, w, h: HEIGHT };
    x += w;
    return { panel, at };
  });
}

function panelOf(panel: Panel, gridPos: Place, id: number): object {
  const { title, says, shows, unit = 'short', as = 'timeseries', limits } = panel;
  return {
    id,
    title,
    description: says,
    type: TYPES[as],
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0, ...thresholds(limits) }, overrides: [] },
    options: as === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value' } : {},
    targets: shows.map(([expr, legendFormat], index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat,
      instant: as === 'stat',
    })),
  };
}

const thresholds = (limits: Panel['limits']): object =>
  limits
    ? {
        color: { mode: 'thresholds' },
        thresholds: {
          mode: 'absolute',
          steps: [
            { color: 'green', value: null },
            { color: 'yellow', value: limits[0] },
            { color: 'red', value: limits[1] },
          ],
        },
      }
    : {};

/** Rate per second, over the interval of one point in Grafana. */
export const rate = (series: string): string => `rate(${series}[$__rate_interval])`;

/** A quantile of a histogram, by some labels. */
export const quantile = (q: number, histogram: string, by = ''): string =>
  `histogram_quantile(${q}, sum by (le${by && `, ${by}`}) (rate(${histogram}[$__rate_interval])))`;
