/**
 * Gapless numbers, drawn from a row per owner, series and year in the agent's own schema (number-series.sql). PostgreSQL's
 * sequences leave gaps, since a rollback does not give their values back; a row that is updated does.
 *
 * The row is hot: all who draw from it wait for one another until their transactions end. So it is the LAST lock of a
 * transaction, as those of a command are its first (platform/data/locks.ts): numbers are drawn after the work is done.
 * Drawers wait for an advisory lock, not for the row: PostgreSQL wakes all who wait for a row in `on conflict` at once,
 * and one that loses the race again and again would wait for too long. Advisory locks are given in the order of asking.
 */
import type { Kysely } from 'kysely';
import { lock } from '../data/locks.ts';
import { raw } from '../data/raw.ts';
import { Fault } from '../errors.ts';
import { formatNumber, type NumberSeries, yearOf } from './number-series.ts';

/** The counter that a number is drawn from. */
export interface NumberOwner {
  /** Who issues the document, such as a merchant's id: each owner has counters of its own. 1 to 100 characters. */
  owner: string;
  /** The owner's time zone, an IANA name, which decides the year. */
  timeZone: string;
  /** The time of issue: the present. */
  at: Date;
}

/** A number that was drawn. */
export interface DrawnNumber {
  /** As people read it: `RF-2026-000123`. */
  number: string;
  /** Its place in the series, from 1. */
  counter: bigint;
  /**
   * The time of issue: as asked for, or, if the clock of another process is ahead, that of the number before it. So
   * numbers and their times rise together.
   */
  issuedAt: Date;
}

/** Writes a drawn number into the row that it is for, and publishes it. Takes no locks: that row is locked already. */
export type UseNumber = (drawn: DrawnNumber) => Promise<void>;

interface Draw {
  series: NumberSeries;
  owner: string;
  year: number;
  at: Date;
  use: UseNumber;
}

interface SeriesRow {
  owner: string;
  series: string;
  year: number;
  last: bigint;
  issuedAt: Date;
}

const keyOf = (owner: string, series: string, year: number): string => JSON.stringify([owner, series, year]);

/** The numbers that one transaction draws when its work is done. */
export class NumberDraws {
  readonly #draws: Draw[] = [];
  #isOver = false;

  /** Asks for a number. `use` is called with it when the work of the transaction is done. @throws Fault NUMBER_LATE */
  ask(series: NumberSeries, { owner, timeZone, at }: NumberOwner, use: UseNumber): void {
    if (this.#isOver)
      throw new Fault('NUMBER_LATE', `A number of the series ${series.name} is asked for after numbers were drawn.`);
    if (owner.length < 1 || owner.length > 100)
      throw new Fault('NUMBER_OWNER', `The owner of a number of the series ${series.name} has 1 to 100 characters.`);
    this.#draws.push({ series, owner, year: yearOf(series, timeZone, at), at, use });
  }

  /** Draws the numbers, and has each used in the order in which they were asked for. */
  async carryOut(transaction: Kysely<any>, schema: string): Promise<void> {
    this.#isOver = true;
    if (this.#draws.length === 0) return;
    const byRow = Map.groupBy(this.#draws, ({ owner, series, year }) => keyOf(owner, series.name, year));
    await lock(
      transaction,
      [...byRow.keys()].map((key) => `number ${schema} ${key}`),
    );
    const rows = await drawFrom(transaction, schema, [...byRow.values()]);
    const drawn = new Map<Draw, DrawnNumber>();
    for (const { owner, series, year, last, issuedAt } of rows) {
      const draws = byRow.get(keyOf(owner, series, year))!;
      for (const [index, draw] of draws.entries()) {
        const counter = last - BigInt(draws.length - 1 - index);
        drawn.set(draw, { number: formatNumber(draw.series, year, counter), counter, issuedAt });
      }
    }
    for (const draw of this.#draws) await draw.use(drawn.get(draw)!);
  }
}

/** Counts each row up by the number of its draws, in one statement. */
async function drawFrom(
  transaction: Kysely<any>,
  schema: string,
  groups: readonly (readonly Draw[])[],
): Promise<SeriesRow[]> {
  const firsts = groups.map(([draw]) => draw!);
  const latest = groups.map((draws) => new Date(Math.max(...draws.map(({ at }) => at.getTime()))).toISOString());
  const { rows } = await raw<SeriesRow>(
    transaction,
    `insert into "${schema}".number_series as kept (owner, series, year, last, issued_at)
       select owner, series, year, draws, latest
         from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::timestamptz[])
              as wanted (owner, series, year, draws, latest)
     on conflict (owner, series, year) do update
       set last = kept.last + excluded.last, issued_at = greatest(kept.issued_at, excluded.issued_at)
     returning owner, series, year, last, issued_at as "issuedAt"`,
    [
      firsts.map(({ owner }) => owner),
      firsts.map(({ series }) => series.name),
      firsts.map(({ year }) => year),
      groups.map((draws) => draws.length),
      latest,
    ],
  );
  return rows;
}
