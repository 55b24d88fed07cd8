/** A new password from somebody at a terminal, or from standard input: never from the arguments, which stay in histories and lists of processes. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Fault } from '../platform/errors.ts';

/** More than any password has. */
const LONGEST = 1000;

/** Asks twice at a terminal, and shows nothing of it. @throws {Fault} `PASSWORD_NOT_GIVEN`, `PASSWORDS_DIFFER` */
export async function givenPassword(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  const password = await typed('A password, 12 characters or more (nothing is shown): ');
  if (password !== (await typed('The same again: ')))
    throw new Fault('PASSWORDS_DIFFER', 'These were two different ones.');
  return password;
}

async function firstLine(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const part of process.stdin) {
    text += part;
    if (text.includes('\n') || text.length > LONGEST) break;
  }
  const [line = ''] = text.split(/\r?\n/);
  if (line) return line;
  throw new Fault(
    'PASSWORD_NOT_GIVEN',
    'There is no terminal to ask for a password, and none on standard input: give it there, or let one be made by --generate.',
  );
}

function typed(question: string): Promise<string> {
  process.stderr.write(question);
  const output = new Writable({ write: (_, __, done) => done() });
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  return new Promise<string>((resolve, reject) => {
    reader.once('SIGINT', () => reader.close());
    reader.once('close', () => reject(new Fault('PASSWORD_NOT_GIVEN', 'No password was typed.')));
    reader.question('', resolve);
  }).finally(() => {
    reader.close();
    process.stderr.write('\n');
  });
}
