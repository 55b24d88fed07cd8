/**
 * The stream of one subscriber: an async generator for graphql-yoga, or frames straight into a sink for a socket. Its
 * queue is bounded, and a subscriber over the limit is dropped. A class and not closures, because there are thousands
 * of them.
 */
import type { ExecutionResult } from 'graphql';
import type { Actor } from '../../platform/identity/actor.ts';
import type { Caller } from '../identity/session.ts';
import type { Frame } from './frame.ts';

/** Most frames queued for one subscriber. */
const MAX_WAITING = 1000;
/** Most characters queued for one subscriber. */
const MAX_SIZE = 1024 * 1024;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Receiver of frames. */
export interface Sink {
  /** Takes a frame; `false` if the queue is full and it was not taken. */
  take(frame: Frame): boolean;
  /** Back-pressure: whether the queue is long enough that the group should wait. */
  readonly isBehind: boolean;
}

/** Owner of a stream, told when its reader has gone. */
export interface StreamOwner {
  left(stream: LiveStream): void;
}

/** The stream of one subscriber. */
export class LiveStream implements AsyncGenerator<ExecutionResult, undefined, void> {
  readonly caller: Caller;
  /** The caller's actor when it was last checked. */
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

  /** Whether no frame comes any more: queued ones can still be read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Back-pressure: whether its queue is long enough that the group should wait. */
  get isBehind(): boolean {
    if (this.#sink) return this.#sink.isBehind;
    return this.#waiting.length > MAX_WAITING / 4 || this.#size > MAX_SIZE / 4;
  }

  /** Calls back once, when the stream is over, or at once if it is. */
  whenOver(callback: () => void): void {
    if (this.#isOver) callback();
    else this.#whenOver = callback;
  }

  /** Sends frames into this sink from now on; `next` only waits for the end. */
  pipe(sink: Sink): void {
    this.#sink = sink;
    for (const frame of this.#waiting.splice(0)) sink.take(frame);
    this.#size = 0;
  }

  /** Delivers a frame; `false` if the subscriber is too slow, and must be dropped. */
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

  /** Ends the stream after this frame. */
  finish(last?: Frame): void {
    if (this.#isOver) return;
    if (last) this.deliver(last);
    this.#end();
  }

  /** Ends the stream of a caller that is not admitted any more. One that does not read that is cut off. */
  refuse(last: Frame): void {
    this.finish(last);
    this.caller.cutOff?.();
  }

  /** Drops a slow subscriber: queued frames are thrown away, and this one is sent in their place. */
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
