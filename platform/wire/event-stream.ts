/** Server-sent events as graphql-yoga writes them (https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverSSE.md). */
import type { IncomingMessage } from 'node:http';

/** Limit of queued events, beyond which the other side is held back (back-pressure). */
const MAX_WAITING = 100;
/** Largest event, in characters. */
const MAX_EVENT = 16 * 1024 * 1024;
/** Timeout without any data, in milliseconds: the other side sends at least a comment every twelve seconds. */
const SILENCE_MS = 45_000;

/**
 * The events of a response, until `complete`. A `return` closes the connection.
 * @param gone creates the error for a connection that breaks off before the end
 */
export function eventStream(response: IncomingMessage, gone: () => Error): AsyncIterableIterator<string> {
  const waiting: string[] = [];
  let reader: PromiseWithResolvers<IteratorResult<string>> | undefined;
  let end: 'complete' | 'gone' | 'returned' | undefined;
  let text = '';

  const answer = (): Promise<IteratorResult<string>> | undefined => {
    if (waiting.length > 0 && end !== 'returned') return Promise.resolve({ done: false, value: waiting.shift()! });
    if (end === 'gone') {
      end = 'returned';
      return Promise.reject(gone());
    }
    return end ? Promise.resolve({ done: true, value: undefined }) : undefined;
  };
  const tell = (): void => {
    if (!reader) return;
    const now = answer();
    if (!now) return;
    const { resolve } = reader;
    reader = undefined;
    resolve(now);
  };
  const close = (how: NonNullable<typeof end>): void => {
    end ??= how;
    response.destroy();
    tell();
  };

  response.setEncoding('utf8');
  response.setTimeout(SILENCE_MS, () => close('gone'));
  response.on('data', (part: string) => {
    text += part;
    for (let border = text.indexOf('\n\n'); border >= 0; border = text.indexOf('\n\n')) {
      const { event, data } = fieldsOf(text.slice(0, border));
      text = text.slice(border + 2);
      if (event === 'next') waiting.push(data);
      if (event === 'complete') return close('complete');
    }
    if (text.length > MAX_EVENT) return close('gone');
    if (waiting.length > MAX_WAITING) response.pause();
    tell();
  });
  response.on('error', () => close('gone'));
  response.on('close', () => close('gone'));

  const stream: AsyncIterableIterator<string> = {
    next() {
      if (waiting.length <= MAX_WAITING && response.isPaused()) response.resume();
      // A pending `next` is shared: there is one reader.
      return answer() ?? (reader ??= Promise.withResolvers()).promise;
    },
    async return() {
      end = 'returned';
      close('returned');
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}

function fieldsOf(block: string): { event: string; data: string } {
  const fields = { event: 'message', data: '' };
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) fields.event = line.slice('event:'.length).trim();
    else if (line.startsWith('data:')) fields.data += line.slice('data:'.length).trimStart();
  }
  return fields;
}
