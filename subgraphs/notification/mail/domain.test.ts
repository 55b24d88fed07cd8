import { expect, test } from '@jest/globals';
import { letterOf, messageOf } from './domain.ts';

const facts = {
  purpose: 'RESET_PASSWORD' as const,
  name: 'Zoë\r\nBcc: everybody@example.com',
  token: 'a-b_c',
  expiresAt: new Date('2026-06-01T12:30:00Z'),
};

test('a mail has the token behind the # of the page, or the token alone', () => {
  expect(letterOf({ ...facts, page: 'https://shop.example/account' }).text).toContain(
    '\n\nhttps://shop.example/account#purpose=RESET_PASSWORD&token=a-b_c\n\n',
  );
  expect(letterOf(facts).text).toContain('\n\na-b_c\n\n');
});

test('a name cannot inject a header, and letters of all languages arrive', () => {
  const message = messageOf(letterOf(facts), 'zoe@example.com', 'mail_1', new Date('2026-06-01T12:00:00Z'));
  const [head, body] = message.split('\r\n\r\n') as [string, string];
  expect(head).not.toMatch(/bcc/i);
  expect(head.split('\r\n').slice(0, 3)).toEqual([
    'To: <zoe@example.com>',
    'Subject: Set a new password',
    'Date: Mon, 01 Jun 2026 12:00:00 +0000',
  ]);
  expect(Buffer.from(body, 'base64').toString()).toMatch(/^Hello Zoë Bcc: everybody@example.com,\n/);
});
