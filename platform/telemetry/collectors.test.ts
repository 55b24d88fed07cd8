import { expect, test } from '@jest/globals';
import { collectAtScrape, runCollectors, type Sample } from './collectors.ts';

const sink = () => {
  const values = new Map<string, number>();
  const failures: string[] = [];
  return {
    values,
    failures,
    reset: (name: string) => void values.delete(name),
    set: ({ name, value }: Sample) => void values.set(name, value),
    failed: (collector: string) => void failures.push(collector),
  };
};
const gauges = ['agora_database_up'] as const;
const sample = (value: number): Sample[] => [{ name: 'agora_database_up', labels: {}, value }];

test('a collector’s values are cached while they are fresh, and then collected anew', async () => {
  let asked = 0;
  const fresh = collectAtScrape({ name: 'fresh', gauges, freshMs: 60_000, collect: () => sample(++asked) });
  const to = sink();
  await runCollectors(to);
  await runCollectors(to);
  fresh();
  expect([asked, to.values.get('agora_database_up')]).toEqual([1, 1]);
  const always = collectAtScrape({ name: 'always', gauges, collect: () => sample(++asked) });
  await runCollectors(to);
  await runCollectors(to);
  always();
  await runCollectors(to);
  expect(asked).toBe(3);
});

test('a collector that fails or times out costs its own values, and is not run twice at once', async () => {
  let asked = 0;
  const ends = [
    collectAtScrape({ name: 'bad', gauges: [], collect: () => Promise.reject(new Error('no')) }),
    collectAtScrape({ name: 'slow', gauges, collect: () => (asked++, new Promise<Sample[]>(() => {})) }),
  ];
  const to = sink();
  to.values.set('agora_database_up', 1);
  await runCollectors(to, 10);
  await runCollectors(to, 10);
  for (const end of ends) end();
  expect(to.failures.toSorted()).toEqual(['bad', 'bad', 'slow', 'slow']);
  expect(to.values.size).toBe(0);
  expect(asked).toBe(1);
});
