import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SagaRow, SagaStepRow } from '../saga-rows.ts';
import { decodeTold, encodeTold } from './cursor.ts';
import { newFacts, type SagaFact, type Sight, type Told } from './domain.ts';

const ID = 'placeOrder:order_1';
const saga = (engineStatus = 'PENDING'): SagaRow => ({
  id: ID,
  name: 'placeOrder',
  engineStatus,
  createdAt: 1000n,
  updatedAt: 9000n,
  parentId: null,
  isWaiting: false,
});
const row = (name: string, more: Partial<SagaStepRow>): SagaStepRow => ({
  sagaId: ID,
  name,
  isKept: true,
  refusal: null,
  skippedBy: null,
  attempts: 1,
  lastError: null,
  startedAt: 1n,
  completedAt: 2n,
  position: 0,
  lastAt: null,
  refusalMessage: null,
  nextAttemptAt: null,
  isStuck: false,
  ...more,
});
const done = (name: string, position: number, more: Partial<SagaStepRow> = {}) =>
  row(name, { position, completedAt: BigInt(2000 + position), ...more });
const failing = (name: string, attempts: number) =>
  row(name, { isKept: false, attempts, lastAt: new Date(attempts), position: Number.MAX_SAFE_INTEGER });
const lines = (facts: SagaFact[]) =>
  facts.map(({ type, step, status }) => [type, step, status].filter(Boolean).join(' '));

test('a late subscriber gets all events, in the order in which they happened', () => {
  const steps = [
    done('reserve', 0),
    done('authorise', 1, { refusal: 'NO' }),
    done('undo reserve', 2),
    done('cancel', 3),
  ];
  const facts = newFacts({ saga: saga('SUCCESS'), steps }, undefined);
  expect(lines(facts)).toEqual([
    'STARTED PENDING',
    'STEP_COMPLETED reserve RUNNING',
    'STEP_REFUSED authorise COMPENSATING',
    'STEP_COMPLETED undo reserve COMPENSATING',
    'STEP_COMPLETED cancel COMPENSATING',
    'ENDED COMPENSATED',
  ]);
  expect(facts.map(({ occurredAt }) => occurredAt.getTime())).toEqual([1000, 2000, 2001, 2002, 2003, 9000]);
});

test('a failing step has one event per number of attempts, and is STUCK after ten', () => {
  const [, first] = newFacts({ saga: saga(), steps: [failing('reserve', 2)] }, undefined);
  expect(first).toMatchObject({ type: 'STEP_FAILED', step: 'reserve', attempts: 2, status: 'RUNNING' });
  expect(newFacts({ saga: saga(), steps: [failing('reserve', 2)] }, first!.told)).toEqual([]);
  const later = newFacts({ saga: saga(), steps: [failing('reserve', 10)] }, first!.told);
  expect(lines(later)).toEqual(['STEP_FAILED reserve STUCK']);
  const over = newFacts({ saga: saga(), steps: [done('reserve', 0, { attempts: 11 })] }, later[0]!.told);
  expect(over).toMatchObject([{ type: 'STEP_COMPLETED', attempts: 11, told: { kept: [0], tried: {} } }]);
});

test('a skipped step has an event of its own', () => {
  const steps = [done('reserve', 0, { skippedBy: 'user_1' })];
  expect(lines(newFacts({ saga: saga(), steps }, undefined))[1]).toBe('STEP_SKIPPED reserve RUNNING');
});

test('a subscriber that is cut off anywhere and resumes by the cursor misses no event and gets none twice', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  // The steps of branches end in any order, not that of their positions.
  const order = fc.shuffledSubarray(names, { minLength: names.length });
  const scene = fc.record({
    order,
    refused: fc.nat(7),
    cuts: fc.array(fc.nat(30), { maxLength: 20 }),
    looks: fc.array(fc.nat(6)),
  });
  fc.assert(
    fc.property(scene, ({ order, refused, cuts, looks }) => {
      const sights: Sight[] = [...looks.sort(), names.length].map((over) => ({
        saga: saga(over === names.length ? 'SUCCESS' : 'PENDING'),
        steps: names
          .filter((name) => order.indexOf(name) < over)
          .map((name) => {
            const refusal = order.indexOf(name) === refused ? 'NO' : null;
            return done(name, names.indexOf(name), { completedAt: BigInt(order.indexOf(name)), refusal });
          }),
      }));
      const heard: string[] = [];
      let told: Told | undefined;
      for (const [index, sight] of sights.entries()) {
        const facts = newFacts(sight, told);
        // The subscriber is cut off between two events of one look: the rest must come with the next look.
        const cut = index < sights.length - 1 ? cuts.shift() : undefined;
        for (const fact of facts.slice(0, cut === undefined ? facts.length : cut % (facts.length + 1))) {
          heard.push(lines([fact])[0]!);
          told = decodeTold(ID, encodeTold(ID, fact.told));
        }
      }
      const status = (index: number) => (index >= refused ? 'COMPENSATING' : 'RUNNING');
      const step = (name: string, index: number) =>
        `${index === refused ? 'STEP_REFUSED' : 'STEP_COMPLETED'} ${name} ${status(index)}`;
      const end = refused < names.length ? 'ENDED COMPENSATED' : 'ENDED COMPLETED';
      expect(heard).toEqual(['STARTED PENDING', ...order.map(step), end]);
    }),
  );
});

test('a cursor of another saga, or an invalid one, is refused', () => {
  const cursor = encodeTold(ID, { kept: [1], tried: { x: 2 }, isEnded: false });
  expect(decodeTold(ID, cursor)).toEqual({ kept: [1], tried: { x: 2 }, isEnded: false });
  for (const [id, text] of [
    ['placeOrder:order_2', cursor],
    [ID, ''],
    [ID, 'yesterday'],
    [ID, 'x'.repeat(20_000)],
  ])
    expect(() => decodeTold(id!, text!)).toThrow('`after` is not a cursor of this saga.');
});
