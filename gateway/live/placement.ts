/**
 * The placement of a group of subscribers: the graph version it runs in, what was allowed when it came there, and how its
 * events are joined. When the graph changes the group moves to the new graph version with its source still open, so that no
 * event is lost or repeated.
 */
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Verdict } from '../../platform/gate/gate.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import type { GraphVersion } from '../graph/graph-version.ts';
import { type Asked, documentOf } from '../operations/operation.ts';
import type { Join, SubscriptionSource } from '../execution/subscriptions.ts';

/** The verdict of an operation that may run, as far as it may. */
export type Opening = Exclude<Verdict, { kind: 'refused' }>;

/** A group's placement in one graph version. */
export interface Placement {
  graphVersion: GraphVersion;
  opening: Opening;
  join: Join;
  leave(): void;
}

/** The actor that is checked, one of a group, and the id under which it is logged. */
export interface Checked {
  actor: Actor;
  correlationId: string;
}

/** The gate's verdict on the operation now, for this actor. */
export const check = (graphVersion: GraphVersion, asked: Asked, checked: Checked, isAgain = false): Promise<Verdict> =>
  graphVersion.gate.check({ ...asked, ...checked, isAgain });

/** The result to end with, if less is allowed now than when it was opened. */
export async function narrowed(
  graphVersion: GraphVersion,
  { asked, opening, checked }: { asked: Asked; opening: Opening; checked: Checked },
): Promise<ExecutionResult | undefined> {
  const first = await check(graphVersion, asked, checked, true);
  const isNarrower = [...first.denied].some((index) => !opening.denied.has(index));
  if (first.kind !== 'refused' && !isNarrower) return undefined;
  // Checked once more, to be counted and reported: a lost right is news, one that was denied from the beginning is not.
  const now = await check(graphVersion, asked, checked);
  if (now.kind === 'refused') return now.result;
  const errors = now.kind === 'pruned' ? now.finish({ data: null }).errors : undefined;
  return { data: null, errors: errors ?? [permissionsChanged()] };
}

/**
 * The placement in another graph version, or the result to end with: the operation does not fit there, or is not
 * allowed.
 */
export async function move(
  graphVersion: GraphVersion,
  { asked, checked, isShared, source }: Moving,
): Promise<Placement | { result: ExecutionResult }> {
  if (graphVersion.validate(asked.document).length > 0) return { result: graphChanged() };
  // Answers may differ by viewer now: subscribers that come back get groups of their own.
  if (isShared && !graphVersion.shapeOf(asked.document, asked.operationName).isSameForAll) {
    return { result: graphChanged() };
  }
  const opening = await check(graphVersion, asked, checked);
  if (opening.kind === 'refused') return { result: opening.result };
  const join = graphVersion.subscriptions.adopt({ ...asked, ...documentOf(asked, opening) }, source);
  return join ? { graphVersion, opening, join, leave: graphVersion.enter() } : { result: graphChanged() };
}

/** The group that moves. */
export interface Moving {
  asked: Asked;
  checked: Checked;
  isShared: boolean;
  source: SubscriptionSource;
}

/** Error of an open subscription whose permissions have changed. */
export const permissionsChanged = (): GraphQLError =>
  new GraphQLError(
    'Your permissions have changed: subscribe again, with the last `cursor` as `after` so that nothing is missed.',
    { extensions: { code: 'FORBIDDEN' } },
  );

const graphChanged = (): ExecutionResult => ({
  data: null,
  errors: [
    new GraphQLError(
      'The graph has changed, and this subscription does not fit any more: subscribe again, with the last `cursor` as ' +
        '`after` so that nothing is missed.',
      { extensions: { code: 'GRAPH_CHANGED' } },
    ),
  ],
});

/** Error of a subscriber that reads slower than events come. */
export const slowConsumer = (): ExecutionResult => ({
  data: null,
  errors: [
    new GraphQLError(
      'More waits for you than is kept: subscribe again, with the last `cursor` as `after`, and read faster or ask for less.',
      { extensions: { code: 'SLOW_CONSUMER' } },
    ),
  ],
});
