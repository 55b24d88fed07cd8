import type { BackfillPage, BackfillTools } from '../../../platform/consumers/backfill.ts';
import type { Ledger } from '../../../platform/ledger/ledger.ts';
import { movedSoFar } from './domain.ts';
import type { BookingQueries } from './queries.ts';
import { book, locksOf } from './service.ts';

const PAGE = 100;

/** Reads a page of the payments that were there before their books, or are the demo's, to book what they have come to. */
export const bookBackfill =
  (ledger: Ledger, queries: BookingQueries) =>
  async ({ after }: BackfillTools): Promise<BackfillPage> => {
    const payments = await queries.toBook(after ?? '', PAGE);
    return {
      next: payments.length < PAGE ? null : payments.at(-1)!.id,
      count: payments.length,
      locks: payments.flatMap(({ id, currency }) => locksOf(id, currency)),
      apply: (work) => book(ledger, work, payments.flatMap(movedSoFar)),
    };
  };
