import { expect, test } from '@jest/globals';
import { readConfig } from '../../platform/config/config.ts';
import agent from './agent.ts';

test.each([
  ['SIMULATOR_WEBHOOK_URL', 'javascript:alert(1)'],
  ['SIMULATOR_WEBHOOK_URL', 'itself'],
])('%s=%s stops the start with a message that names the variable', (name, value) => {
  expect(() => readConfig({ [name]: value }, [agent])).toThrow(new RegExp(`does not fit:\\n  ${name}: `));
});

test.each([
  ['SIMULATOR_WEBHOOK_URL', 'self'],
  ['SIMULATOR_WEBHOOK_URL', 'http://gateway:4000/webhooks/payment/simulator'],
])('%s=%s is accepted', (name, value) => {
  expect(readConfig({ [name]: value }, [agent])).toMatchObject({ [name]: value });
});
