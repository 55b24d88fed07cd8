import { expect, test } from '@jest/globals';
import { simulatorEvidence } from './simulator-evidence.ts';

const ACTION = { url: 'https://bank.example/3ds', expiresAt: '2026-06-01T12:30:00.000Z' };
const DATA = { reference: 'payment_1', status: 'REQUIRES_ACTION', captured: '0', currency: 'EUR', action: ACTION };
const read = (more: object) => simulatorEvidence.safeParse({ data: { ...DATA, ...more } });

test('the evidence of a webhook is read in the terms of the port', () => {
  expect(read({}).data).toMatchObject({
    reference: 'payment_1',
    found: { captured: 0n, action: { ...ACTION, expiresAt: new Date(ACTION.expiresAt) } },
  });
});

test.each([
  ['no time', { action: { ...ACTION, expiresAt: null } }],
  ['a number for a time', { action: { ...ACTION, expiresAt: 8.64e15 } }],
  ['a time beyond RFC 3339', { action: { ...ACTION, expiresAt: '+275760-09-13T00:00:00.000Z' } }],
  ['an address that is too long', { action: { ...ACTION, url: `https://bank.example/${'a'.repeat(2000)}` } }],
  ['a reference with NUL', { reference: 'payment\0' }],
  ['half of a surrogate pair in a refusal', { refusal: 'no \ud800' }],
  ['NUL in the reference of a refund', { refund: { reference: '\0', minor: '1' } }],
  ['a fraction', { captured: '0.5' }],
  ['more than 64 bits hold', { captured: '9223372036854775808' }],
])('a webhook with %s cannot be read', (_, more) => {
  expect(read(more).success).toBe(false);
});
