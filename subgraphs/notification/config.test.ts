import { expect, test } from '@jest/globals';
import { readConfig } from '../../platform/config/config.ts';
import agent from './agent.ts';

test.each([
  ['NOTIFICATION_QUIET_HOURS', '22-8'],
  ['NOTIFICATION_QUIET_HOURS', '22:00-24:00'],
  ['NOTIFICATION_QUIET_HOURS', '08:00-08:00'],
  ['NOTIFICATION_TIME_ZONE', 'Europe/Nowhere'],
  ['NOTIFICATION_TIME_ZONE', '+02:00'],
  ['RECOVERY_URL', 'javascript:alert(1)'],
  ['RECOVERY_URL', 'data:text/html,x'],
  ['RECOVERY_URL', 'http://shop.example/account'],
  ['RECOVERY_URL', 'https://shop.example/#/account'],
])('%s=%s stops the start with a message that names the variable', (name, value) => {
  expect(() => readConfig({ [name]: value }, [agent])).toThrow(new RegExp(`does not fit:\\n  ${name}: `));
});

test.each([
  ['RECOVERY_URL', 'https://shop.example/account?lang=en'],
  ['RECOVERY_URL', 'http://127.0.0.1:3000/account'],
])('%s=%s is accepted', (name, value) => {
  expect(readConfig({ [name]: value }, [agent])).toMatchObject({ [name]: value });
});
