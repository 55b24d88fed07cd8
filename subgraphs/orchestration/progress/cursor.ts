/** The resume token of a client in the events of one saga: it holds the events received. Clients treat it as opaque. */
import { GraphQLError } from 'graphql';
import { z } from 'zod';
import type { Told } from './domain.ts';

const MAX_CHARACTERS = 10_000;
const shape = z.tuple([
  z.string(),
  z.array(z.number().int().nonnegative()).max(100),
  z.record(z.string(), z.number().int().nonnegative()),
  z.boolean(),
]);

/** Encodes the cursor as text. */
export const encodeTold = (sagaId: string, { kept, tried, isEnded }: Told): string =>
  Buffer.from(JSON.stringify([sagaId, kept, tried, isEnded])).toString('base64url');

/** Decodes a client's cursor. @throws GraphQLError BAD_USER_INPUT if it is not a cursor of this saga */
export function decodeTold(sagaId: string, cursor: string): Told {
  try {
    if (cursor.length > MAX_CHARACTERS) throw new Error('too long');
    const [of, kept, tried, isEnded] = shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (of === sagaId) return { kept, tried, isEnded };
  } catch {
    // Falls through to the same refusal.
  }
  throw new GraphQLError('`after` is not a cursor of this saga.', { extensions: { code: 'BAD_USER_INPUT' } });
}
