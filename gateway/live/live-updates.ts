/**
 * All open subscriptions of a gateway, in groups. Subscribers that ask for the same are a family; within it each group
 * began at some cursor. A subscriber joins a group that has not told anything yet, or that still knows the events after
 * the subscriber's cursor; else it gets a group of its own. Groups of one family read the same log in the same order:
 * as soon as one has told an event that another has told too, its members go over, at that very cursor, and it ends. So
 * however many come back at once, few groups catch up, and in the end there is one.
 */
import type { ExecutionResult } from 'graphql';
import type { GraphVersion } from '../graph/graph-version.ts';
import type { Asked, Operation } from '../operations/operation.ts';
import { audienceOf } from './audience.ts';
import { subscriptionKeyOf } from './subscription-key.ts';
import type { Frame } from './frame.ts';
import { type Beginning, type GroupContext, type GroupOptions, LiveGroup } from './live-group.ts';
import { LiveStream } from './live-stream.ts';
import { check } from './placement.ts';

type Family = Set<LiveGroup>;

/** The open subscriptions of a gateway. */
export class LiveUpdates {
  readonly #families = new Map<string, Family>();
  readonly #context: GroupContext;

  constructor(context: GroupContext) {
    this.#context = context;
  }

  /** Number of groups: as many sources are open. */
  get groups(): number {
    let groups = 0;
    for (const family of this.#families.values()) groups += family.size;
    return groups;
  }

  /** Number of subscribers in them. */
  get subscribers(): number {
    let subscribers = 0;
    for (const family of this.#families.values()) for (const group of family) subscribers += group.size;
    return subscribers;
  }

  /** Opens a subscription, or returns the refusal. @throws the subgraph's error */
  async subscribe(graphVersion: GraphVersion, operation: Operation): Promise<LiveStream | ExecutionResult> {
    const { caller, ...asked } = operation;
    const actor = caller.actor();
    const opening = await check(graphVersion, asked, { actor, correlationId: caller.correlationId });
    if (opening.kind === 'refused') return opening.result;
    const stream = new LiveStream(caller, actor);
    // Synchronous from here on, so that nothing is told between looking for a group and joining it.
    const group = this.#join(stream, asked, { graphVersion, actor, opening });
    try {
      const refusal = await group.opened;
      if (refusal) stream.finish();
      return refusal ?? stream;
    } catch (error) {
      stream.finish();
      throw error;
    }
  }

  #join(stream: LiveStream, asked: Asked, beginning: Beginning): LiveGroup {
    const { graphVersion, actor } = beginning;
    const shape = graphVersion.shapeOf(asked.document, asked.operationName);
    const isShared = shape.isSameForAll;
    const { groupKey: key, resumeAfter: start } = subscriptionKeyOf(asked, shape, audienceOf(actor, isShared));
    const family: Family = this.#families.get(key) ?? new Set();
    for (const group of family) {
      if (group.graphVersion !== graphVersion) continue;
      const missed = start === null ? undefined : group.after(start);
      if (!missed && !(group.isFresh && group.start === start)) continue;
      group.join(stream, missed);
      return group;
    }
    this.#families.set(key, family);
    const options = { asked, start, isShared, correlationId: stream.caller.correlationId };
    const group = new LiveGroup(beginning, { ...options, ...this.#watching(key, family) }, this.#context);
    family.add(group);
    group.join(stream);
    return group;
  }

  #watching(key: string, family: Family): Pick<GroupOptions, 'published' | 'closed'> {
    return {
      published: (group, { cursor }) => cursor !== undefined && mergeAt(family, group, cursor),
      closed: (group) => {
        family.delete(group);
        if (family.size === 0 && this.#families.get(key) === family) this.#families.delete(key);
      },
    };
  }
}

/** Ends a group whose last event another has told as well, of which it is no more than a few events behind. */
function mergeAt(family: Family, group: LiveGroup, cursor: NonNullable<Frame['cursor']>): void {
  for (const other of family) {
    if (other === group || other.graphVersion !== group.graphVersion) continue;
    const missed = other.after(cursor);
    if (missed) return group.mergeInto(other, missed);
  }
}
