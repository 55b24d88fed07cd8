import { getOperationAST, OperationTypeNode } from 'graphql';
import type { GraphVersion } from './graph-version.ts';
import type { UsedDocument } from '../execution/used-documents.ts';

/** Number of the most used documents that are planned before a graph version serves. */
export const WARM_DOCUMENTS = 200;

/**
 * Plans the documents that clients use most, so that the first requests on a new graph version are as fast as the last
 * on the old one. One document at a turn of the event loop: the old one serves meanwhile.
 * @returns number of documents planned: those that the new schema does not allow are left out
 */
export async function warmUp(graphVersion: GraphVersion, documents: readonly UsedDocument[]): Promise<number> {
  let planned = 0;
  for (const { document, operationName } of documents) {
    await new Promise((resolve) => setImmediate(resolve));
    // Subscriptions move to the new graph version by themselves, and are planned then.
    const isStream = getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
    if (isStream || graphVersion.validate(document).length > 0) continue;
    try {
      graphVersion.plan(document, operationName);
      planned += 1;
    } catch {
      // A client that sends it will be told why.
    }
  }
  return planned;
}
