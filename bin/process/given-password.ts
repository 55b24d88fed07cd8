/**
 * Reads a new password from a terminal, or from standard input: never from the arguments, which stay in histories and
 * lists of processes.
 */
import { readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Fault } from '../../platform/errors.ts';

/** Longer than any password, in bytes. */
const LONGEST = 1000;
const NEWLINE = 10;

/** Asks twice at a terminal, without echo. @throws {Fault} `PASSWORD_NOT_GIVEN`, `PASSWORDS_DIFFER` */
export async function givenPassword(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  const password = await typed('A password, 12 characters or more (nothing is shown): ');
  if (password !== (await typed('The same again: ')))
    throw new Fault('PASSWORDS_DIFFER', 'These were two different ones.');
  return password;
}

/** Reads one line and no more, as a shell reads: the next line is for the next command. */
function firstLine(): string {
  const bytes: number[] = [];
  for (const byte = Buffer.alloc(1); bytes.length < LONGEST && readByte(byte) && byte[0] !== NEWLINE; )
    bytes.push(byte[0]!);
  const line = Buffer.from(bytes).toString().replace(/\r$/, '');
  if (line) return line;
  throw new Fault(
    'PASSWORD_NOT_GIVEN',
    'There is no terminal to ask for a password, and none on standard input: give it there, or let one be made by --generate.',
  );
}

/** Reads a byte; false at the end of the input. */
function readByte(into: Buffer): boolean {
  for (;;) {
    try {
      return readSync(0, into, 0, 1, null) === 1;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return false;
      if (code !== 'EAGAIN') throw error;
      // Nothing there yet, and the other end has made the input non-blocking.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
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
