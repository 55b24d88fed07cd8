/**
 * The simulator's books. Each call is one statement or one transaction, so that two at once are decided by the row's
 * lock: of a capture and a void, one succeeds.
 */
import type { InsertQueryBuilder, Kysely, UpdateQueryBuilder } from 'kysely';
import { type ChangesOf, columnsOf, type NewRowOf } from '../../../platform/data/entity-table.ts';
import { RefundRefused } from './provider.ts';
import { type Booked, type EntryKind, SimulatorPaymentSchema, type SimulatorTables } from './simulator-entities.ts';

type Change = ChangesOf<typeof SimulatorPaymentSchema>;
const PAYMENT = columnsOf(SimulatorPaymentSchema);
/** What an entry is made of. */
const MOVED = ['reference', 'amountMinor'] as const;

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

  /** Whether this call opened it: not if there is one under the reference. */
  async open(payment: NewRowOf<typeof SimulatorPaymentSchema>): Promise<boolean> {
    const insert = this.#db
      .insertInto('simulator_payment')
      .values(payment)
      .onConflict((on) => on.doNothing());
    if (payment.status !== 'AUTHORISED') return (await insert.returning('reference').execute()).length > 0;
    return this.#enter('AUTHORISE', payment.createdAt, insert.returning(MOVED));
  }

  /** Whether this call moved it from the one status to the other. */
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
    return this.#enter(entry, at, update.returning(MOVED));
  }

  /** A change without an entry: nothing moves. Whether there was one to change. */
  async note(reference: string, from: 'AUTHORISED' | 'REQUIRES_ACTION', change: Change): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('simulator_payment')
      .set(change)
      .where('reference', '=', reference)
      .where('status', '=', from)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  /** Of a reference never heard of, the books keep that it is void: an authorisation which comes late finds that. */
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
    return this.#enter('VOID', at, upsert.returning(MOVED));
  }

  /** Whether this call made it: not if it was made before. @throws RefundRefused if that is more than what is left */
  refund(reference: string, key: string, minor: bigint, at: Date): Promise<boolean> {
    return this.#whole(async (books) => {
      // The row's lock first: an equal refund at the same time waits here, and then finds the entry.
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

  /** All of it or nothing, in the transaction that these books are in, if they are. */
  #whole<T>(work: (books: Kysely<SimulatorTables>) => Promise<T>): Promise<T> {
    return this.#db.isTransaction ? work(this.#db) : this.#db.transaction().execute(work);
  }

  /** Makes the change and its entry in one statement. Whether there was a change. */
  async #enter(kind: EntryKind, at: Date, change: Opening | Move): Promise<boolean> {
    const made = await this.#db
      .with('done', () => change)
      .insertInto('simulator_entry')
      .columns(['reference', 'kind', 'amountMinor', 'at'])
      .expression((eb) =>
        eb.selectFrom('done').select(({ val }) => ['reference', val(kind).as('kind'), 'amountMinor', val(at).as('at')]),
      )
      .returning('reference')
      .execute();
    return made.length > 0;
  }
}

type Moved = Pick<Booked, (typeof MOVED)[number]>;
type Opening = InsertQueryBuilder<SimulatorTables, 'simulator_payment', Moved>;
type Move = UpdateQueryBuilder<SimulatorTables, 'simulator_payment', 'simulator_payment', Moved>;
