import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process that answers each message with one. */
export class Child {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts the process; `first` is its first message. */
  static async start<T>(path: string): Promise<{ child: Child; first: T }> {
    const execArgv = ['--no-warnings', '--expose-gc'];
    const process = fork(path, [], { execArgv, serialization: 'advanced' });
    const [first] = await once(process, 'message');
    return { child: new Child(process), first: first as T };
  }

  /** Sends a message, and waits for the answer. */
  async ask<T = unknown>(message: object): Promise<T> {
    const answered = once(this.#process, 'message');
    this.#process.send(message);
    return (await answered)[0] as T;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill();
    await exited;
  }
}
