/** The transfers that a writer of the trial asks for: random, and the same again for the same writer and batch. */
import type { NewAccount } from '../../platform/ledger/account.ts';
import type { Movement, NewTransfer, Resolution } from '../../platform/ledger/transfer.ts';
import { Chance } from '../support/random.ts';

/** Size of a trial. */
export interface Size {
  wallets: number;
  /** Transfers in a batch. */
  batch: number;
}

/** Accounts without a limit, which pay into the wallets and are paid from them: each batch works with one. */
const HOUSES = 8;

const wallet = (n: number): string => `wallet-${n}`;
const house = (n: number): string => `house-${n}`;

/** The accounts of a trial. */
export function accountsFor({ wallets }: Size): NewAccount[] {
  return [
    ...Array.from({ length: HOUSES }, (_, n): NewAccount => ({ id: house(n), ledger: 'EUR', code: 'HOUSE' })),
    ...Array.from({ length: wallets }, (_, n): NewAccount => {
      return { id: wallet(n), ledger: 'EUR', code: 'WALLET', balanceLimit: 'DEBITS_WITHIN_CREDITS' };
    }),
  ];
}

/**
 * A batch: a mark at its beginning and at its end, which nothing refuses, and between them payments between wallets and houses,
 * holds with and without a timeout, chains, and ends of earlier holds.
 */
export function requestsOf(writer: number, batch: number, size: Size): NewTransfer[] {
  const earlier = batch === 0 ? [] : movementsOf(writer, batch - 1, size).filter(({ kind }) => kind === 'PENDING');
  const chance = new Chance(writer * 1_000_003 + batch * 7919 + 1);
  const ends = earlier
    .filter(() => chance.is(0.7))
    .map((held, n) => endOf(held, `${writer}/${batch}/end-${n}`, chance));
  const mark = (n: number): Movement => {
    const between = { debitAccount: house(0), creditAccount: house(1) };
    return { kind: 'POSTED', id: `${writer}/${batch}/mark-${n}`, code: 'MARK', ...between, ledger: 'EUR', amount: 1n };
  };
  return [mark(1), ...ends, ...movementsOf(writer, batch, size).slice(ends.length + 2), mark(2)];
}

function movementsOf(writer: number, batch: number, { wallets, batch: length }: Size): Movement[] {
  const chance = new Chance(writer * 104_729 + batch * 31 + 7);
  const mine = house(Math.floor(chance.next() * HOUSES));
  const some = (): string => wallet(Math.floor(chance.next() * wallets));
  return Array.from({ length }, (_, n): Movement => {
    const [from, to] = [chance.is(0.4) ? mine : some(), chance.is(0.2) ? mine : some()];
    const isHeld = chance.is(0.25);
    return {
      kind: isHeld ? 'PENDING' : 'POSTED',
      id: `${writer}/${batch}/${n}`,
      code: 'MOVE',
      debitAccount: from,
      creditAccount: to === from ? some() : to,
      ledger: 'EUR',
      amount: BigInt(1 + Math.floor(chance.next() * 100)),
      ...(isHeld && chance.is(0.3) && { timeoutSeconds: 1 + Math.floor(chance.next() * 5) }),
      ...(chance.is(0.05) && { balancing: 'DEBIT' as const }),
      ...(n < length - 1 && chance.is(0.1) && { linked: true }),
    };
  });
}

function endOf({ id: pendingId, amount, balancing }: Movement, id: string, chance: Chance): Resolution {
  if (chance.is(0.3)) return { kind: 'VOID_PENDING', id, code: 'MOVE', pendingId };
  const isInPart = !balancing && amount > 1n && chance.is(0.3);
  return { kind: 'POST_PENDING', id, code: 'MOVE', pendingId, ...(isInPart && { amount: amount / 2n }) };
}
