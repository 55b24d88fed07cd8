/** The text of mails about accounts. Pure: no I/O, no clock, no randomness. */

/** The facts of a mail. */
export interface MailFacts {
  purpose: 'VERIFY_EMAIL' | 'RESET_PASSWORD';
  name: string;
  token: string;
  expiresAt: Date;
  /** The page that asks for the token (RECOVERY_URL). */
  page?: string;
}

/** The text of a mail. */
export interface Letter {
  subject: string;
  text: string;
}

const SUBJECT = {
  VERIFY_EMAIL: 'Please confirm your e-mail address',
  RESET_PASSWORD: 'Set a new password',
} as const;
const WHY = {
  VERIFY_EMAIL: 'Somebody signed up with this e-mail address. If it was you, confirm it:',
  RESET_PASSWORD: 'Somebody asked for a new password for your account. If it was you, set it:',
} as const;

/** The text of a mail. The token stands after the `#`, which browsers never send: no log and no other page gets it. */
export function letterOf({ purpose, name, token, expiresAt, page }: MailFacts): Letter {
  const greeting = `Hello ${name.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()},`;
  const what = page ? `${page}#${new URLSearchParams({ purpose, token })}` : token;
  const until = `It is good once, until ${expiresAt.toISOString()}.`;
  const otherwise = 'If it was not you, there is nothing to do.';
  return { subject: SUBJECT[purpose], text: [greeting, WHY[purpose], what, until, otherwise].join('\n\n') };
}

/** The mail in the format of RFC 5322. The address is an `EmailAddress`, which is ASCII without control characters. */
export const messageOf = ({ subject, text }: Letter, to: string, id: string, date: Date): string =>
  [
    `To: <${to}>`,
    `Subject: ${subject}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@agora.invalid>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    ...(Buffer.from(text)
      .toString('base64')
      .match(/.{1,76}/g) ?? []),
    '',
  ].join('\r\n');
