/**
 * What one subscriber reads: an async generator for graphql-yoga, or frames straight into a sink for a socket. What
 * waits for it is bounded; who has more than that waiting is dropped. A class and not closures, because there are
 * thousands of them.
 */
import type { ExecutionResult } from 'graphql';
import type { Actor } from '../../platform/identity/actor.ts';
import type { Caller } from '../identity/session.ts';
import type { Frame } from './frame.ts';

/** Frames that wait for one subscriber, at most. */
const MAX_WAITING = 1000;
/** Characters that wait for one subscriber, at most. */
const MAX_SIZE = 1024 * 1024;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Takes frames as they come. */
export interface Sink {
  /** `false`: too much waits already, and the frame was not taken. */
  take(frame: Frame): boolean;
  /** Whether so much waits that it is better to wait. */
  readonly isBehind: boolean;
}

/** Whom a stream tells that its reader has gone. */
export interface StreamOwner {
  left(stream: LiveStream): void;
}

/** One subscriber. */
export class LiveStream implements AsyncGenerator<ExecutionResult, undefined, void> {
  readonly caller: Caller;
  /** As the caller was when it was last looked at. */
  actor: Actor;
  owner: StreamOwner | undefined;
  #waiting: Frame[] = [];
  #size = 0;
  #sink: Sink | undefined;
  #reader: PromiseWithResolvers<IteratorResult<ExecutionResult, undefined>> | undefined;
  #isOver = false;
  #whenOver: (() => void) | undefined;
  readonly #gone: (() => void) | undefined;

  constructor(caller: Caller, actor: Actor) {
    this.caller = caller;
    this.actor = actor;
    if (!caller.signal) return;
    this.#gone = () => this.#leave();
    caller.signal.addEventListener('abort', this.#gone, { once: true });
    if (caller.signal.aborted) this.#leave();
  }

  /** Whether nothing comes any more: what waits can still be read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether so much waits for it that it is better to wait. */
  get isBehind(): boolean {
    if (this.#sink) return this.#sink.isBehind;
    return this.#waiting.length > MAX_WAITING / 4 || this.#size > MAX_SIZE / 4;
  }

  /** Called once, when it is over, or at once if it is. */
  whenOver(callback: () => void): void {
    if (this.#isOver) callback();
    else this.#whenOver = callback;
  }

  /** From now on frames go there, and `next` waits for the end. */
  pipe(sink: Sink): void {
    this.#sink = sink;
    for (const frame of this.#waiting.splice(0)) sink.take(frame);
    this.#size = 0;
  }

  /** Gives it a frame. `false`: it is too slow, and must be dropped. */
  deliver(frame: Frame): boolean {
    if (this.#isOver) return true;
    if (this.#sink) return this.#sink.take(frame);
    if (this.#reader) {
      this.#answer({ done: false, value: frame });
      return true;
    }
    if (this.#waiting.length >= MAX_WAITING || (this.#size > 0 && this.#size + frame.size > MAX_SIZE)) return false;
    this.#waiting.push(frame);
    this.#size += frame.size;
    return true;
  }

  /** Nothing comes after this frame. */
  finish(last?: Frame): void {
    if (this.#isOver) return;
    if (last) this.deliver(last);
    this.#end();
  }

  /** It was too slow: what waits is thrown away, and this is said in its place. */
  drop(last: Frame): void {
    this.#waiting = [];
    this.#size = 0;
    this.finish(last);
    this.caller.cutOff?.();
  }

  next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    const value = this.#waiting.shift();
    if (value) {
      this.#size -= value.size;
      return Promise.resolve({ done: false, value });
    }
    if (this.#isOver) return Promise.resolve(DONE);
    return (this.#reader ??= Promise.withResolvers()).promise;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#leave();
    return Promise.resolve(DONE);
  }

  async throw(error: unknown): Promise<never> {
    this.#leave();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
  }

  #answer(result: IteratorResult<ExecutionResult, undefined>): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(result);
  }

  #leave(): void {
    this.#waiting = [];
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#gone) this.caller.signal!.removeEventListener('abort', this.#gone);
    this.#answer(DONE);
    this.#whenOver?.();
    this.owner?.left(this);
    this.owner = undefined;
  }
}
