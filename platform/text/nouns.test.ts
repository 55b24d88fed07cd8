import { expect, test } from '@jest/globals';
import { pluralOf, wordsOf } from './nouns.ts';

test.each([
  ['Product', 'product'],
  ['WebhookDelivery', 'webhook delivery'],
  ['APIKey', 'API key'],
  ['ApiKey', 'api key'],
  ['SKU', 'SKU'],
  ['OrderSLA', 'order SLA'],
  ['Level2Tax', 'level2 tax'],
])('the words of %s are "%s"', (name, words) => {
  expect(wordsOf(name)).toBe(words);
});

test.each([
  ['product', 'products'],
  ['audit entry', 'audit entries'],
  ['day', 'days'],
  ['address', 'addresses'],
  ['box', 'boxes'],
  ['batch', 'batches'],
  ['API', 'APIs'],
])('the plural of "%s" is "%s"', (noun, plural) => {
  expect(pluralOf(noun)).toBe(plural);
});
