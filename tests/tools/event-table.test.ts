import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { defineAgent } from '../../platform/agent/define-agent.ts';
import { defineEvent } from '../../platform/events/define-event.ts';
import { eventTable } from '../../tools/schema/event-table.ts';

const payload = z.object({ orderId: z.string(), note: z.string().nullable().optional(), lines: z.array(z.object({})) });
const placed = defineEvent('order.placed', { aggregate: 'order', description: '.', payload });
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

test('an event is told with its sender, its readers and its fields, and which of the first thirteen there are', () => {
  const agents = [
    agent('order', { emits: [placed] }),
    agent('one', { handles: ['order.placed'] }),
    agent('two', { handles: ['order.placed'] }),
  ];
  const { path, text } = eventTable(agents);
  expect(path).toBe('docs/events.md');
  expect(text).toContain(
    '| `order.placed` | order | order | one, two | `orderId` string, `note?` string \\| null, `lines` [object] |\n',
  );
  expect(text).toContain('| ORDER_CREATED | `order.placed` | order | yes |\n');
  expect(text).toContain('| RISK_ALERT | `risk.alert_raised` | risk | not yet |\n');
});

test('nobody handles what nobody emits', () => {
  expect(() => eventTable([agent('one', { handles: ['order.placed'] })])).toThrow(
    'one handles order.placed, which no agent emits',
  );
});
