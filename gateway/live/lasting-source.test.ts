import { expect, test } from '@jest/globals';
import type { ExecutionResult } from 'graphql';
import { Forbidden, Unavailable } from '../../platform/errors.ts';
import { LastingSource, type Source } from './lasting-source.ts';

/** A source that yields these results, and then breaks off with the error, or ends. */
function saying(results: readonly ExecutionResult[], broken?: Error, isResumable = true): Source {
  const left = [...results];
  const next = async (): Promise<IteratorResult<ExecutionResult>> => {
    const value = left.shift();
    if (value) return { done: false, value };
    if (broken) throw broken;
    return { done: true, value: undefined };
  };
  const cursorOf = ({ data }: ExecutionResult): string | undefined => data?.cursor as string | undefined;
  return { events: { next }, cursorOf, isResumable };
}

const event = (cursor: string): ExecutionResult => ({ data: { cursor } });
const away = new Unavailable('The agent has gone.');

/** The events that are read, and the cursors behind which sources were opened. */
async function read(first: Source, start: string | null, ...others: (Source | Error)[]) {
  const after: string[] = [];
  const reopen = async (cursor: string): Promise<Source> => {
    after.push(cursor);
    const next = others.shift()!;
    if (next instanceof Error) throw next;
    return next;
  };
  const { signal } = new AbortController();
  const source = new LastingSource(first, { start, reopen, patienceMs: 5000, signal });
  const told: unknown[] = [];
  try {
    for (;;) {
      const { value, done } = await source.next();
      if (done) return { told, after, error: undefined };
      const cursor = source.cursorOf(value);
      told.push(cursor);
      source.told(cursor);
    }
  } catch (error) {
    return { told, after, error };
  }
}

test('where one source breaks off, the next goes on behind the last event that was told', async () => {
  const second = saying([event('c2'), event('c3')], away);
  expect(await read(saying([event('c1')], away), null, second, away, saying([event('c4')]))).toEqual({
    told: ['c1', 'c2', 'c3', 'c4'],
    after: ['c1', 'c3', 'c3'],
    error: undefined,
  });
});

test('a source that has told nothing goes on at its start cursor, its own or the one that it has told', async () => {
  const over = saying([]);
  expect(await read(saying([], away), 'c7', over)).toMatchObject({ after: ['c7'], error: undefined });
  const began: ExecutionResult = { extensions: { began: 'c8' } };
  expect(await read(saying([began], away), null, over)).toEqual({ told: [], after: ['c8'], error: undefined });
  expect(await read(saying([began, event('c9')], away), null, over)).toMatchObject({ after: ['c9'] });
  expect(await read(saying([], away), null, over)).toEqual({ told: [], after: [], error: away });
});

test('an error without data and path breaks a source off as well; one of a field does not', async () => {
  const ends = { errors: [{ originalError: away }] } as unknown as ExecutionResult;
  expect(await read(saying([event('c1'), ends]), null, saying([event('c2')]))).toMatchObject({ told: ['c1', 'c2'] });
  const field = { data: null, errors: [{ originalError: away, path: ['a'] }] } as unknown as ExecutionResult;
  expect(await read(saying([event('c1'), field]), null)).toMatchObject({ told: ['c1', undefined], after: [] });
});

test('an error that is not transient is thrown at once, also by the next source; without cursors, every error is', async () => {
  const forbidden = new Forbidden('This is not yours.');
  expect(await read(saying([event('c1')], forbidden), null)).toMatchObject({ after: [], error: forbidden });
  expect(await read(saying([event('c1')], away), null, forbidden)).toMatchObject({ after: ['c1'], error: forbidden });
  expect(await read(saying([event('c1')], away, false), 'c0')).toMatchObject({ after: [], error: away });
});
