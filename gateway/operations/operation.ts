import { type DocumentNode, getOperationAST } from 'graphql';
import type { Verdict } from '../../platform/gate/gate.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { Caller } from '../identity/session.ts';

/** An operation of a valid document. */
export interface Asked {
  document: DocumentNode;
  operationName?: string | null;
  variables?: Readonly<Record<string, unknown>> | null;
}

/** An operation and its caller. */
export interface Operation extends Asked {
  caller: Caller;
}

/** A new context: nothing that was decided or loaded for one execution is there for the next. */
export function requestContext(
  { caller, document, operationName }: Operation,
  signal: AbortSignal | undefined,
): RequestContext {
  const kind = getOperationAST(document, operationName)?.operation;
  return {
    actor: caller.actor(),
    correlationId: caller.correlationId,
    client: caller.client,
    mayLag: kind === 'query',
    // A mutation that has begun is carried out to its last field, in whichever agent that is.
    signal: kind === 'mutation' ? undefined : signal,
  };
}

/** The document to execute: the gate's, which holds one operation, or the client's. */
export const documentOf = (
  { document, operationName }: Asked,
  verdict: Verdict,
): { document: DocumentNode; operationName: string | null | undefined } =>
  verdict.kind === 'pruned' ? { document: verdict.document, operationName: undefined } : { document, operationName };
