import { expect, test } from '@jest/globals';
import { parseWebhookSecrets } from './secrets.ts';

const secret = (bytes: number, fill = 7): string => `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`;

test('secrets are parsed on one line or several, the newest first', () => {
  expect(parseWebhookSecrets(`${secret(24)},\n ${secret(64)}`)).toEqual([secret(24), secret(64)]);
});

test.each([
  ['nothing', ''],
  ['without its prefix', secret(32).slice(6)],
  ['too short', secret(23)],
  ['too long', secret(65)],
  ['that is no base64', 'whsec_%%%%'],
  ['with something behind it', `${secret(32)}x`],
  ['of which the second is bad', `${secret(32)},whsec_`],
])('a secret %s is refused, and nothing of it repeated', (_, text) => {
  expect(() => parseWebhookSecrets(text)).toThrow(/Secret [12] is not/);
  expect(() => parseWebhookSecrets(text)).not.toThrow(/BwcH/);
});
