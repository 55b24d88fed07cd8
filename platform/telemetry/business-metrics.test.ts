import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { defineEvent } from '../events/define-event.ts';
import { businessMetric, countPublished } from './business-metrics.ts';
import { metricsText } from './metrics.ts';

const sold = businessMetric('agora_test_sold_total', 'Sold, in a test.', ['currency']);
const payload = z.object({ currency: z.string(), minor: z.string() });
const facts = { aggregate: 'test', description: '.', payload };

test('an event counts its declared metrics, by one or by a value, and nothing else', async () => {
  const value = businessMetric('agora_test_value_minor_total', 'Value, in a test.', ['currency']);
  defineEvent('test.sold', {
    ...facts,
    counts: [
      { metric: sold, labels: ({ currency }) => ({ currency }) },
      { metric: value, labels: ({ currency }) => ({ currency }), by: ({ minor }) => Number(minor) },
    ],
  });
  for (const minor of ['250', '50']) countPublished({ type: 'test.sold', payload: { currency: 'EUR', minor } });
  countPublished({ type: 'test.other', payload: {} });
  const { text } = await metricsText();
  expect(text).toContain('agora_test_sold_total{currency="EUR"} 2\n');
  expect(text).toContain('agora_test_value_minor_total{currency="EUR"} 300\n');
  expect(text).toContain('agora_events_published_total{type="test.other"} 1\n');
});

test('an event that cannot be counted fails nothing, and counts as a failure of the collector', async () => {
  const labels = (): never => {
    throw new Error('no such label');
  };
  defineEvent('test.broken', { ...facts, counts: [{ metric: sold, labels }] });
  expect(() => countPublished({ type: 'test.broken', payload: {} })).not.toThrow();
  expect((await metricsText()).text).toContain('agora_collector_failures_total{collector="business"} 1\n');
});

test('a second declaration of a metric stops the start', () => {
  const other = businessMetric('agora_test_sold_total', 'Something else.', ['currency']);
  const define = () => defineEvent('test.twice', { ...facts, counts: [{ metric: other, labels: () => ({}) }] });
  expect(define).toThrow('The metric agora_test_sold_total is declared otherwise elsewhere');
});
