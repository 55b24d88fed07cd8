/**
 * The simulator's books. Each call is one statement or one transaction, so that the row lock decides between two
 * concurrent calls: of a capture and a void, one succeeds.
 */
import { type InsertQueryBuilder, type Kysely, sql, type UpdateQueryBuilder } from 'kysely';
import { type ChangesOf, columnsOf, type NewRowOf } from '../../../platform/data/entity-table.ts';
import { type ProviderStatus, RefundRefused } from './provider.ts';
import { type Booked, type EntryKind, SimulatorPaymentSchema, type SimulatorTables } from './simulator-entities.ts';

type Change = ChangesOf<typeof SimulatorPaymentSchema>;
const PAYMENT = columnsOf(SimulatorPaymentSchema);
/** The columns that an entry copies from its payment. */
const MOVED = ['reference', 'amountMinor'] as const;

/** The entries of a new payment, by its status. */
const ENTRIES: Partial<Record<ProviderStatus, readonly EntryKind[]>> = {
  AUTHORISED: ['AUTHORISE'],
  CAPTURED: ['AUTHORISE', 'CAPTURE'],
};

export class SimulatorBooks {
  readonly #db: Kysely<SimulatorTables>;

  constructor(db: Kysely<SimulatorTables>) {
    this.#db = db;
  }

  find(reference: string): Promise<Booked | undefined> {
    return this.#db
      .selectFrom('simulator_payment')
      .select(PAYMENT)
      .where('reference', '=', reference)
      .executeTakeFirst();
  }

  /** Opens a payment. Returns false if there is one under the reference. */
  async open(payment: NewRowOf<typeof SimulatorPaymentSchema>): Promise<boolean> {
    const insert = this.#db
      .insertInto('simulator_payment')
      .values(payment)
      .onConflict((on) => on.doNothing());
    const entries = ENTRIES[payment.status];
    if (!entries) return (await insert.returning('reference').execute()).length > 0;
    return this.#enter(entries, payment.createdAt, insert.returning(MOVED));
  }

  /** Moves a payment from a status, with an entry. Returns whether this call moved it. */
  move(
    reference: string,
    from: 'AUTHORISED' | 'REQUIRES_ACTION',
    change: Change,
    entry: EntryKind,
    at: Date,
  ): Promise<boolean> {
    const update = this.#db
      .updateTable('simulator_payment')
      .set(change)
      .where('reference', '=', reference)
      .where('status', '=', from);
    return this.#enter([entry], at, update.returning(MOVED));
  }

  /** Changes a payment without an entry, since no money moves. Returns whether there was one to change. */
  async note(reference: string, from: 'AUTHORISED' | 'REQUIRES_ACTION', change: Change): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('simulator_payment')
      .set(change)
      .where('reference', '=', reference)
      .where('status', '=', from)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  /** Voids a payment. An unknown reference is recorded as void, so that a late authorisation finds it so. */
  void(reference: string, at: Date): Promise<boolean> {
    const unheard = {
      reference,
      token: '',
      amountMinor: 0n,
      currency: null,
      status: 'VOIDED' as const,
      refusal: null,
      actionExpiresAt: null,
      createdAt: at,
    };
    const upsert = this.#db
      .insertInto('simulator_payment')
      .values(unheard)
      .onConflict((on) =>
        on
          .column('reference')
          .doUpdateSet({ status: 'VOIDED' })
          .where('simulator_payment.status', 'in', ['AUTHORISED', 'REQUIRES_ACTION']),
      );
    return this.#enter(['VOID'], at, upsert.returning(MOVED));
  }

  /** Makes a refund. Returns false if it was made before. @throws RefundRefused if it is more than what is left */
  refund(reference: string, key: string, minor: bigint, at: Date): Promise<boolean> {
    return this.#whole(async (books) => {
      // Takes the row lock first: a concurrent equal refund waits here, and then finds the entry.
      const row = await books
        .selectFrom('simulator_payment')
        .select(PAYMENT)
        .where('reference', '=', reference)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const entry = { reference, kind: 'REFUND' as const, key, amountMinor: minor, at };
      const made = await books
        .insertInto('simulator_entry')
        .values(entry)
        .onConflict((on) => on.doNothing())
        .returning('key')
        .execute();
      if (made.length === 0) return false;
      const refundedMinor = row.refundedMinor + minor;
      if (row.status !== 'CAPTURED' || refundedMinor > row.capturedMinor)
        throw new RefundRefused('There is not so much left to refund.');
      await books.updateTable('simulator_payment').set({ refundedMinor }).where('reference', '=', reference).execute();
      return true;
    });
  }

  /** Runs work atomically, in the transaction of these books if they are in one. */
  #whole<T>(work: (books: Kysely<SimulatorTables>) => Promise<T>): Promise<T> {
    return this.#db.isTransaction ? work(this.#db) : this.#db.transaction().execute(work);
  }

  /** Makes the change and its entries in one statement. Returns whether there was a change. */
  async #enter(kinds: readonly EntryKind[], at: Date, change: Opening | Move): Promise<boolean> {
    const made = await this.#db
      .with('done', () => change)
      .insertInto('simulator_entry')
      .columns(['reference', 'kind', 'amountMinor', 'at'])
      .expression((eb) =>
        eb
          .selectFrom('done')
          .crossJoin(sql<{ kind: EntryKind }>`(select unnest(${[...kinds]}::text[]) as kind)`.as('entry'))
          .select(({ val }) => ['done.reference', 'entry.kind', 'done.amountMinor', val(at).as('at')]),
      )
      .returning('reference')
      .execute();
    return made.length > 0;
  }
}

type Moved = Pick<Booked, (typeof MOVED)[number]>;
type Opening = InsertQueryBuilder<SimulatorTables, 'simulator_payment', Moved>;
type Move = UpdateQueryBuilder<SimulatorTables, 'simulator_payment', 'simulator_payment', Moved>;
