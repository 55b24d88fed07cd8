/**
 * A ledger in memory, as plain as can be: it keeps nothing but the list of transfers, and sums it up anew for every
 * question. The real one must give the same answers and balances.
 */
import type { Balances, NewAccount } from './account.ts';
import type { Expiry, NewTransfer, TransferOutcome, TransferResult } from './transfer.ts';

type Request = NewTransfer | Expiry;

interface Entry {
  request: Request;
  debit: string;
  credit: string;
  amount: bigint;
  at: number;
}

export class PlainLedger {
  readonly #accounts: ReadonlyMap<string, NewAccount>;
  #entries: Entry[] = [];

  constructor(accounts: readonly NewAccount[]) {
    this.#accounts = new Map(accounts.map((account) => [account.id, account]));
  }

  make(requests: readonly Request[], now: Date): TransferResult[] {
    const results: TransferResult[] = [];
    let chain: Request[] = [];
    for (const [at, request] of requests.entries()) {
      chain.push(request);
      if (request.linked && at < requests.length - 1) continue;
      results.push(...this.#chain(chain, now.getTime()));
      chain = [];
    }
    return results;
  }

  balances(account: string): Balances {
    const balances = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };
    for (const entry of this.#entries) {
      const { kind } = entry.request;
      const isOpen = kind === 'PENDING' && !this.#resolutionOf(entry.request.id);
      const isPosted = kind === 'POSTED' || kind === 'POST_PENDING';
      if (entry.debit === account)
        balances[isOpen ? 'debitsPending' : 'debitsPosted'] += isOpen || isPosted ? entry.amount : 0n;
      if (entry.credit === account)
        balances[isOpen ? 'creditsPending' : 'creditsPosted'] += isOpen || isPosted ? entry.amount : 0n;
    }
    return balances;
  }

  /** The ids of pending transfers that are over and not resolved. */
  due(now: Date): string[] {
    return this.#entries
      .filter(({ request }) => request.kind === 'PENDING' && !this.#resolutionOf(request.id))
      .filter((entry) => this.#isOver(entry, now.getTime()))
      .map(({ request }) => request.id);
  }

  #chain(chain: readonly Request[], now: number): TransferResult[] {
    const before = [...this.#entries];
    const refuse = (at: number, outcome: TransferOutcome): TransferResult[] => {
      this.#entries = before;
      return chain.map(({ id }, n) => ({ id, outcome: n === at ? outcome : 'LINKED_TRANSFER_FAILED' }));
    };
    if (chain.at(-1)!.linked) return refuse(chain.length - 1, 'LINKED_CHAIN_OPEN');
    const results: TransferResult[] = [];
    for (const [at, request] of chain.entries()) {
      const answer = this.#one(request, now);
      if (typeof answer === 'string') return refuse(at, answer);
      results.push({ id: request.id, ...answer });
    }
    return results;
  }

  #one(request: Request, now: number): TransferOutcome | { outcome: 'CREATED' | 'EXISTS'; amount: bigint } {
    const found = this.#entries.find((entry) => entry.request.id === request.id);
    if (found)
      return (
        different(found, request, (id) => this.#pending(id)!.amount) ?? { outcome: 'EXISTS', amount: found.amount }
      );
    const entry = 'pendingId' in request ? this.#resolved(request, now) : this.#moved(request, now);
    if (typeof entry === 'string') return entry;
    this.#entries.push(entry);
    return { outcome: 'CREATED', amount: entry.amount };
  }

  #moved(request: Extract<Request, { debitAccount: string }>, at: number): Entry | TransferOutcome {
    const { debitAccount, creditAccount } = request;
    if (debitAccount === creditAccount) return 'ACCOUNTS_MUST_BE_DIFFERENT';
    const [from, to] = [this.#accounts.get(debitAccount), this.#accounts.get(creditAccount)];
    if (!from) return 'DEBIT_ACCOUNT_NOT_FOUND';
    if (!to) return 'CREDIT_ACCOUNT_NOT_FOUND';
    if (from.ledger !== to.ledger) return 'ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER';
    if (from.ledger !== request.ledger) return 'TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS';
    const [debit, credit] = [this.balances(debitAccount), this.balances(creditAccount)];
    const toDebit = debit.creditsPosted - debit.debitsPosted - debit.debitsPending;
    const toCredit = credit.debitsPosted - credit.creditsPosted - credit.creditsPending;
    const most = request.balancing === 'DEBIT' ? toDebit : request.balancing === 'CREDIT' ? toCredit : request.amount;
    const amount = most < request.amount ? most : request.amount;
    if (amount < 1n) return request.balancing === 'DEBIT' ? 'EXCEEDS_CREDITS' : 'EXCEEDS_DEBITS';
    if (from.balanceLimit === 'DEBITS_WITHIN_CREDITS' && toDebit < amount) return 'EXCEEDS_CREDITS';
    if (to.balanceLimit === 'CREDITS_WITHIN_DEBITS' && toCredit < amount) return 'EXCEEDS_DEBITS';
    return { request, debit: debitAccount, credit: creditAccount, amount, at };
  }

  #resolved(request: Extract<Request, { pendingId: string }>, at: number): Entry | TransferOutcome {
    const found = this.#entries.find((entry) => entry.request.id === request.pendingId);
    if (!found) return 'PENDING_TRANSFER_NOT_FOUND';
    if (found.request.kind !== 'PENDING') return 'PENDING_TRANSFER_NOT_PENDING';
    const amount = ('amount' in request && request.amount) || found.amount;
    if (amount > found.amount) return 'EXCEEDS_PENDING_TRANSFER_AMOUNT';
    const earlier = this.#resolutionOf(request.pendingId)?.request.kind;
    if (earlier === 'POST_PENDING') return 'PENDING_TRANSFER_ALREADY_POSTED';
    if (earlier === 'VOID_PENDING') return 'PENDING_TRANSFER_ALREADY_VOIDED';
    if (earlier === 'EXPIRED') return 'PENDING_TRANSFER_EXPIRED';
    if (this.#isOver(found, at) && request.kind !== 'EXPIRED') return 'PENDING_TRANSFER_EXPIRED';
    if (!this.#isOver(found, at) && request.kind === 'EXPIRED') return 'PENDING_TRANSFER_NOT_EXPIRED';
    return { request, debit: found.debit, credit: found.credit, amount, at };
  }

  #pending(id: string): Entry | undefined {
    return this.#entries.find((entry) => entry.request.id === id && entry.request.kind === 'PENDING');
  }

  #resolutionOf(pendingId: string): Entry | undefined {
    return this.#entries.find(({ request }) => 'pendingId' in request && request.pendingId === pendingId);
  }

  #isOver({ request, at }: Entry, now: number): boolean {
    const seconds = 'timeoutSeconds' in request ? request.timeoutSeconds : undefined;
    return seconds !== undefined && at + seconds * 1000 <= now;
  }
}

/** How a request differs from the entry that has its id. */
function different(
  { request: first, amount }: Entry,
  again: Request,
  amountOf: (id: string) => bigint,
): TransferOutcome | undefined {
  if (first.kind !== again.kind) return 'EXISTS_WITH_DIFFERENT_KIND';
  if ('pendingId' in first && 'pendingId' in again) {
    if (first.pendingId !== again.pendingId) return 'EXISTS_WITH_DIFFERENT_PENDING_ID';
    if (amount !== (('amount' in again && again.amount) || amountOf(again.pendingId)))
      return 'EXISTS_WITH_DIFFERENT_AMOUNT';
  }
  if ('debitAccount' in first && 'debitAccount' in again) {
    if (first.balancing !== again.balancing) return 'EXISTS_WITH_DIFFERENT_KIND';
    if (first.timeoutSeconds !== again.timeoutSeconds) return 'EXISTS_WITH_DIFFERENT_TIMEOUT';
    if (first.debitAccount !== again.debitAccount) return 'EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT';
    if (first.creditAccount !== again.creditAccount) return 'EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT';
    if (first.balancing ? amount > again.amount : amount !== again.amount) return 'EXISTS_WITH_DIFFERENT_AMOUNT';
  }
  if (first.reference !== again.reference) return 'EXISTS_WITH_DIFFERENT_REFERENCE';
  if ('ledger' in first && 'ledger' in again && first.ledger !== again.ledger) return 'EXISTS_WITH_DIFFERENT_LEDGER';
  return first.code === again.code ? undefined : 'EXISTS_WITH_DIFFERENT_CODE';
}
