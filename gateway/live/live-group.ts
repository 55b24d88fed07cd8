/**
 * A group of subscribers that are told the same: one source, one execution and one serialisation for each event,
 * however many they are. The gate is asked once for each event, because all that it can ask about is the same for all
 * of them; whether each member's session still holds is checked when it is told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import type { GraphVersion } from '../graph/graph-version.ts';
import type { ErrorMask } from '../operations/mask-error.ts';
import { type Asked, documentOf } from '../operations/operation.ts';
import type { SubscriptionSource } from '../execution/subscriptions.ts';
import type { CurrentGraph } from '../graph/current-graph.ts';
import { audienceOf } from './audience.ts';
import { countDelivered } from './count-delivered.ts';
import { type Frame, frameOf } from './frame.ts';
import { LastingSource, type Source } from './lasting-source.ts';
import type { LiveStream } from './live-stream.ts';
import { Recent } from './recent.ts';
import { narrowed, type Opening, permissionsChanged, type Placement, slowConsumer, move } from './placement.ts';

/** Members told in one turn of the event loop; requests get theirs between. */
const AT_ONCE = 1000;
/** How long a group waits for members none of which reads, and how often it checks, in milliseconds. */
const PATIENCE_MS = 5000;
const LOOK_MS = 5;

/** Parts that all groups of a gateway share. */
export interface GroupContext {
  currentGraph: CurrentGraph;
  mask: ErrorMask;
  /**
   * How long a group waits for an agent whose source has broken off, in milliseconds. @default as `reconnect-policy.ts`
   * says
   */
  patienceMs?: number;
}

/** The first member's opening. Not kept: a group outlives graph versions. */
export interface Beginning {
  actor: Actor;
  opening: Opening;
  graphVersion: GraphVersion;
}

/** Options of a group. */
export interface GroupOptions {
  asked: Asked;
  /** The id under which its errors are logged: the first member's. */
  correlationId: string;
  /** The cursor after which it begins; null: where its source begins without one. */
  start: string | null;
  /** Whether members are told the same for equal permissions alone. */
  isShared: boolean;
  /** Called after each event, when all members have it. */
  published(group: LiveGroup, frame: Frame): void;
  closed(group: LiveGroup): void;
}

/** One group. It opens its source at once, and closes when the last member has left. */
export class LiveGroup {
  readonly start: string | null;
  /**
   * Resolves when the source is open, or with a result if it could not be opened. Rejects with the subgraph's error.
   */
  readonly opened: Promise<ExecutionResult | undefined>;
  readonly #o: GroupOptions;
  readonly #shared: GroupContext;
  readonly #members = new Set<LiveStream>();
  readonly #recent = new Recent();
  readonly #closing = new AbortController();
  readonly #audience: string;
  #graphVersion: GraphVersion;
  #source: LastingSource | undefined;
  #placement: Placement | undefined;
  #moving: Promise<void> = Promise.resolve();
  #unfollow: (() => void) | undefined;
  #hasPublished = false;

  constructor(beginning: Beginning, options: GroupOptions, context: GroupContext) {
    this.#o = options;
    this.#shared = context;
    this.start = options.start;
    this.#audience = audienceOf(beginning.actor, options.isShared);
    this.#graphVersion = beginning.graphVersion;
    this.opened = this.#open(beginning);
    this.opened.catch(() => {}); // Members that join are told.
  }

  /** The graph version that it runs in. */
  get graphVersion(): GraphVersion {
    return this.#graphVersion;
  }

  /** Number of members. */
  get size(): number {
    return this.#members.size;
  }

  get isOver(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Whether no event was told yet: a subscriber with the same start can join. */
  get isFresh(): boolean {
    return !this.#hasPublished && !this.isOver;
  }

  /** The frames after this cursor; undefined if they are not known (any more). */
  after(cursor: string): readonly Frame[] | undefined {
    return this.isOver ? undefined : this.#recent.after(cursor);
  }

  /** Adds a member, which is told the frames that it has missed and all that come. */
  join(member: LiveStream, missed: readonly Frame[] = []): void {
    member.owner = this;
    this.#members.add(member);
    // Its reader may have gone while its permissions were checked.
    if (member.isOver) return this.left(member);
    for (const frame of missed) this.#tell(member, frame);
  }

  /** Removes a member that has gone. */
  left(member: LiveStream): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#close();
  }

  /** Moves all members into another group, which has told these frames after the last one here. */
  mergeInto(other: LiveGroup, missed: readonly Frame[]): void {
    for (const member of this.#members) other.join(member, missed);
    this.#members.clear();
    this.#close();
  }

  async #open({ actor, opening, graphVersion }: Beginning): Promise<ExecutionResult | undefined> {
    const { asked } = this.#o;
    const leave = graphVersion.enter();
    try {
      const request = { ...asked, ...documentOf(asked, opening), context: this.#context(actor) };
      const opened = await graphVersion.subscriptions.open(request);
      if (!('join' in opened)) {
        leave();
        this.#close();
        return opened;
      }
      const { join, source, ...first } = opened;
      this.#source = this.#lasting(first);
      this.#placement = { graphVersion, opening, join, leave };
      if (this.isOver) this.#release();
      else this.#begin(source);
      return undefined;
    } catch (error) {
      leave();
      this.#close();
      throw error;
    }
  }

  #lasting(first: Source): LastingSource {
    const { patienceMs } = this.#shared;
    const reopen = (after: string): Promise<Source | undefined> => this.#reopen(after);
    return new LastingSource(first, { start: this.start, reopen, patienceMs, signal: this.#closing.signal });
  }

  /** Reopens the source in the current graph version, with permissions checked again as for a new group. */
  async #reopen(after: string): Promise<Source | undefined> {
    await this.#moving;
    const actor = this.#leader();
    if (!actor) return undefined;
    const { asked } = this.#o;
    const { graphVersion, opening } = this.#placement!;
    const leave = graphVersion.enter();
    try {
      const ending = await this.#narrowed(actor);
      const request = { ...asked, ...documentOf(asked, opening), context: this.#context(actor) };
      const opened = ending ?? (await graphVersion.subscriptions.open(request, after));
      if ('join' in opened) {
        const { join: _, ...source } = opened;
        return source;
      }
      this.#finish(opened);
      return undefined;
    } finally {
      leave();
    }
  }

  #begin(source: SubscriptionSource): void {
    const follow = (): void => {
      // One after the other, so that the last swap wins.
      this.#moving = this.#moving.then(() => this.#move(source)).catch((error: unknown) => this.#fail(error));
    };
    this.#unfollow = this.#shared.currentGraph.follow(follow);
    follow(); // The graph may have changed while it was opened.
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (!this.isOver) {
        const { value, done } = await this.#source!.next();
        if (this.isOver) return;
        if (done) return this.#finish();
        const frame = await this.#answer(value);
        if (this.isOver || !frame) return;
        await this.#publish(frame);
        this.#o.published(this, frame);
        await this.#pace();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** One event, joined; undefined if no member may read it (any more). */
  async #answer(event: ExecutionResult): Promise<Frame | undefined> {
    const actor = this.#leader();
    if (!actor) return undefined;
    const { graphVersion, opening, join } = this.#placement!;
    const leave = graphVersion.enter();
    try {
      const ending = await this.#narrowed(actor);
      if (ending) {
        this.#finish(ending);
        return undefined;
      }
      const cursor = this.#source!.cursorOf(event); // Before the answer is made out of the event.
      const joined = await join(event, this.#context(actor));
      // An execution that broke off because the members left is no fault to report.
      if (this.isOver) return undefined;
      return this.#frame(opening.kind === 'pruned' ? opening.finish(joined) : joined, cursor);
    } finally {
      leave();
    }
  }

  async #publish(frame: Frame): Promise<void> {
    this.#hasPublished = true;
    this.#recent.add(frame);
    this.#source!.told(frame.cursor);
    // A member that joins meanwhile has this frame from the recent ones, or began after it.
    const members = [...this.#members];
    countDelivered(this.#o.asked, frame, members.length, this.#shared.mask);
    for (const [index, member] of members.entries()) {
      if (index > 0 && index % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      if (member.owner === this && this.#isAdmitted(member)) this.#tell(member, frame);
    }
  }

  /**
   * Back-pressure at the pace of the fastest member, so that one that catches up with much is not dropped for it. A
   * slower member is dropped, and so are all when none reads for long.
   */
  async #pace(): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    // Once in any case: events that wait already would otherwise follow each other before any is sent.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.isOver && performance.now() < end && this.#areAllBehind()) await sleep(LOOK_MS);
  }

  #areAllBehind(): boolean {
    for (const member of this.#members) if (!member.isBehind) return false;
    return true;
  }

  #tell(member: LiveStream, frame: Frame): void {
    if (!member.deliver(frame)) member.drop(this.#frame(slowConsumer()));
  }

  /** The actor of any member, as it is now: the answer is the same for all of them. */
  #leader(): Actor | undefined {
    for (const member of this.#members) if (this.#isAdmitted(member)) return member.actor;
    return undefined;
  }

  /** Whether a member still belongs to the audience; ends it if not. */
  #isAdmitted(member: LiveStream): boolean {
    let actor: Actor;
    try {
      actor = member.caller.actor();
    } catch (error) {
      member.refuse(this.#failure(error));
      return false;
    }
    if (actor === member.actor) return true;
    if (audienceOf(actor, this.#o.isShared) !== this.#audience) {
      void this.#part(member, actor);
      return false;
    }
    member.actor = actor;
    return true;
  }

  /**
   * Ends a member whose rights have changed, so that its source may be another: it is told what it may not see any
   * more.
   */
  async #part(member: LiveStream, actor: Actor): Promise<void> {
    member.owner = undefined;
    this.left(member);
    try {
      const ending = await this.#narrowed(actor);
      member.finish(this.#frame(ending ?? { data: null, errors: [permissionsChanged()] }));
    } catch (error) {
      member.finish(this.#failure(error));
    }
  }

  #narrowed(actor: Actor): Promise<ExecutionResult | undefined> {
    const { asked, correlationId } = this.#o;
    const { graphVersion, opening } = this.#placement!;
    return narrowed(graphVersion, { asked, opening, checked: { actor, correlationId } });
  }

  async #move(source: SubscriptionSource): Promise<void> {
    const { current } = this.#shared.currentGraph;
    const actor = this.isOver || this.graphVersion === current ? undefined : this.#leader();
    if (!actor) return;
    const { asked, isShared } = this.#o;
    const checked = { actor, correlationId: this.#o.correlationId };
    const next = await move(current, { asked, checked, isShared, source });
    if (this.isOver) return 'result' in next ? undefined : next.leave();
    if ('result' in next) return this.#finish(next.result);
    this.#placement!.leave();
    this.#placement = next;
    this.#graphVersion = next.graphVersion;
  }

  #fail(error: unknown): void {
    if (!this.isOver) this.#finish(this.#failed(error));
  }

  /** Ends the group for all members, with this result if there is one. */
  #finish(result?: ExecutionResult): void {
    const last = result && this.#frame(result);
    for (const member of this.#members) {
      member.owner = undefined;
      member.finish(last);
    }
    this.#members.clear();
    this.#close();
  }

  #frame(result: ExecutionResult, cursor?: string): Frame {
    return frameOf(this.#shared.mask.result(result, this.#o.correlationId), this.#failed, cursor);
  }

  readonly #failed = (error: unknown): ExecutionResult => ({
    data: null,
    errors: [this.#shared.mask.error(error, this.#o.correlationId)],
  });

  #failure(error: unknown): Frame {
    return frameOf(this.#failed(error), this.#failed);
  }

  #context(actor: Actor): RequestContext {
    return { actor, correlationId: this.#o.correlationId, signal: this.#closing.signal };
  }

  #close(): void {
    if (this.isOver) return;
    this.#closing.abort();
    this.#o.closed(this);
    this.#release();
  }

  #release(): void {
    this.#unfollow?.();
    this.#placement?.leave();
    this.#source?.end();
  }
}
