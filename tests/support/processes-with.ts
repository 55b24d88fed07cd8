import { readdirSync, readFileSync } from 'node:fs';
import { commandLine } from '../../db/embedded-postgres/processes.ts';

/** A running process. */
export interface RunningProcess {
  pid: number;
  /** Its arguments, separated by spaces. */
  command: string;
}

/** All processes that have this text, such as the path of their folder, in their command line or among their variables. Only on Linux. */
export const processesWith = (text: string): RunningProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => (read(`/proc/${pid}/environ`) + read(`/proc/${pid}/cmdline`)).includes(text))
    .map((pid) => ({ pid: Number(pid), command: commandLine(Number(pid)) ?? '' }));

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // It has gone meanwhile.
  }
}
