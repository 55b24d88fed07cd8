/** The diagrams of sagas show their definitions. `npm run codegen -- --check` holds the page up to date. */
import { expect, test } from '@jest/globals';
import { defineSaga } from '../../platform/sagas/define-saga.ts';
import { flowchart } from '../../tools/codegen/saga-flowchart.ts';

const step = (name: string) => ({ name, agent: 'shop', does: name, run: async () => {} });
const undoable = (name: string) => ({ ...step(name), undo: async () => {} });
const last = step('apologise');

/** The edges of a chart, by the labels of their ends: `a -> b`, `a refused-> undo b`. */
function edges(chart: string): string[] {
  const [head, ...lines] = chart.split('\n').map((line) => line.trim());
  expect(head).toBe('flowchart TD');
  const names = new Map<string, string>();
  const ID = /^(\w+)((?:\[|\(|\{|>).*?)?$/;
  const told = (end: string): string => {
    const [, id, shape] = ID.exec(end)!;
    const said = shape?.replace(/^[[({>]+"?|"?[\])}]+$/g, '').replace('<br/>shop', '');
    if (said !== undefined) names.set(id!, said.trim() || id!);
    return id!;
  };
  const found = lines.flatMap((line) => {
    const [from, arrow, to] = line.split(/ (-\. refused \.->|-->(?:\|.*\|)?) /);
    const start = told(from!);
    return arrow ? [{ start, arrow, end: told(to!) }] : [];
  });
  const name = (id: string): string => {
    expect(names.has(id)).toBe(true);
    return names.get(id)!;
  };
  return found.map(({ start, arrow, end }) => {
    const label = arrow === '-. refused .->' ? 'refused' : (/\|"?(.*?)"?\|/.exec(arrow)?.[1] ?? '-');
    return `${name(start)} ${label}> ${name(end)}`;
  });
}

test('steps follow one another, and a refusal undoes the steps before it in reverse, with the last step last', () => {
  const saga = defineSaga({
    name: 'trip',
    description: '.',
    steps: [undoable('flight'), step('check'), undoable('hotel')],
    whenRefused: last,
  });
  expect(new Set(edges(flowchart(saga)))).toEqual(
    new Set([
      'trip -> flight',
      'flight -> check',
      'check -> hotel',
      'hotel -> COMPLETED',
      'flight refused> undo flight',
      'check refused> undo flight',
      'hotel refused> undo hotel',
      'undo hotel -> undo flight',
      'undo flight -> apologise',
      'apologise -> COMPENSATED',
    ]),
  );
});

test('no refusal leads back from behind the pivot, nor in a saga without a last step', () => {
  const steps = [undoable('flight'), { ...step('pay'), pivot: true }, undoable('hotel')];
  const refused = (more: object) =>
    edges(flowchart(defineSaga({ name: 'trip', description: '.', steps, ...more }))).filter((edge) =>
      /refused|undo/.test(edge),
    );
  expect(refused({ whenRefused: last })).toEqual([
    'undo flight -> apologise',
    'flight refused> undo flight',
    'pay refused> undo flight',
  ]);
  expect(refused({})).toEqual([]);
});

test('conditions, waiting and branches are shown', () => {
  const when = ({ day }: { day?: number }) => day === 1;
  const saga = defineSaga<object, { day: number }>({
    name: 'trip',
    description: '.',
    steps: [
      { ...step('wait'), when, waitsFor: { topic: 'visa', seconds: () => 1 } },
      { name: 'both', branches: [undoable('car'), { ...undoable('boat'), when }] },
    ],
    whenRefused: last,
  });
  expect(edges(flowchart(saga))).toEqual(
    expect.arrayContaining([
      'trip -> day === 1',
      'day === 1 yes> waits for: visa',
      'waits for: visa -> wait',
      'day === 1 no> s1',
      'wait -> s1',
      's1 -> car',
      's1 day === 1> boat',
      'car -> s1_end',
      'boat -> s1_end',
      's1_end -> COMPLETED',
      // The other branch is settled before: both are undone, whichever was refused.
      'car refused> undo boat',
      'boat refused> undo boat',
      'undo boat -> undo car',
    ]),
  );
});
