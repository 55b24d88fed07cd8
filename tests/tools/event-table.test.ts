import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { defineAgent } from '../../platform/agent/define-agent.ts';
import { on } from '../../platform/consumers/handler.ts';
import { defineEvent } from '../../platform/events/define-event.ts';
import { businessMetric } from '../../platform/telemetry/business-metrics.ts';
import { eventTable } from '../../tools/schema/event-table.ts';

const payload = z.object({ orderId: z.string(), note: z.string().nullable().optional(), lines: z.array(z.object({})) });
const placed = defineEvent('order.placed', { aggregate: 'order', description: '.', payload, seed: 'ORDER_CREATED' });
const agent = (name: string, parts: object) =>
  defineAgent({
    name,
    area: 'system',
    title: name,
    description: '.',
    skills: [],
    at: import.meta.url,
    entities: [],
    emits: [],
    build: () => ({ resolvers: {} }),
    ...parts,
  });

test('an event is listed with its sender, its readers and its fields, and the table says which of the first thirteen exist', () => {
  const agents = [
    agent('order', { emits: [placed] }),
    agent('one', { handlers: [on('order.placed', payload, async () => {})] }),
    agent('two', { handlers: [on('order.placed', payload, async () => {})] }),
  ];
  const { path, text } = eventTable(agents);
  expect(path).toBe('docs/events.md');
  expect(text).toContain(
    '| `order.placed` | order | order | one, two | `orderId` string, `note?` string \\| null, `lines` [object] |\n',
  );
  expect(text).toContain('| ORDER_CREATED | `order.placed` | order |\n');
  expect(text).toContain('| RISK_ALERT | not yet |  |\n');
});

test('a handler of an event that no agent emits is refused', () => {
  expect(() => eventTable([agent('one', { handlers: [on('order.placed', payload, async () => {})] })])).toThrow(
    'one handles order.placed, which no agent emits',
  );
});

test('an event cannot stand for an unknown message type, and its metrics are listed', () => {
  const strange = defineEvent('order.strange', {
    aggregate: 'order',
    description: '.',
    payload,
    seed: 'ORDER_STRANGE',
  });
  expect(() => eventTable([agent('order', { emits: [strange] })])).toThrow(
    'order.strange says that it is ORDER_STRANGE',
  );
  const metric = businessMetric('agora_test_strange_total', 'Strange orders.', ['note']);
  const counts = [{ metric, labels: () => ({ note: '' }) }];
  const counting = defineEvent('order.counted', { aggregate: 'order', description: '.', payload, counts });
  expect(eventTable([agent('order', { emits: [counting] })]).text).toContain(
    '| `agora_test_strange_total` | `note` | `order.counted` | Strange orders. |\n',
  );
});
