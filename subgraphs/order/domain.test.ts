import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AgoraError, Refusal } from '../../platform/errors.ts';
import { money } from '../../platform/money.ts';
import {
  advance,
  checkCancellable,
  checkLines,
  checkQuantity,
  type DemandLine,
  demandOf,
  MAX_LINES,
  MAX_QUANTITY,
  MESSAGES,
  messageOf,
  missingStock,
  paymentAfter,
  paymentAtEnd,
  reasonOf,
  type StepReport,
  tellStory,
  TRANSITIONS,
} from './domain.ts';
import { CancellationReason, OrderStatus, PaymentStatus, TimelineEntryType } from './entities.ts';
import { asRead } from './timeline.ts';

const STATUSES = Object.keys(OrderStatus) as OrderStatus[];
const PAIRS = STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const));

/** What came of it: its value, or the code of its refusal. */
const codeOr = <T>(work: () => T): T | string => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
};

/** The table again, drawn by hand from the issue and the design, so that a slip in the one shows in the other. */
const MAY: Record<string, string> = {
  PENDING: 'ON_HOLD CONFIRMED CANCELLED',
  ON_HOLD: 'PENDING CONFIRMED CANCELLED',
  CONFIRMED: 'PROCESSING CANCELLED',
  PROCESSING: 'PARTIALLY_SHIPPED SHIPPED CANCELLED',
  PARTIALLY_SHIPPED: 'SHIPPED',
  SHIPPED: 'DELIVERED',
  DELIVERED: 'RETURNED',
  RETURNED: 'REFUNDED',
  CANCELLED: '',
  REFUNDED: '',
};

describe('the states of an order', () => {
  test.each(PAIRS)('%s to %s is allowed if the table says so', (from, to) => {
    expect(TRANSITIONS[from].includes(to)).toBe(MAY[from]!.split(' ').includes(to));
  });

  test('end in CANCELLED and REFUNDED, and each can be reached from PENDING', () => {
    const reached = new Set<OrderStatus>(['PENDING']);
    for (const status of reached) for (const next of TRANSITIONS[status]) reached.add(next);
    expect([...reached].sort()).toEqual([...STATUSES].sort());
    expect(STATUSES.filter((status) => TRANSITIONS[status].length === 0)).toEqual(['CANCELLED', 'REFUNDED']);
  });
});

describe('a step forward', () => {
  /** What lies behind whom: a step that comes twice finds the order there or further. */
  const FORWARD = [
    'PENDING',
    'CONFIRMED',
    'PROCESSING',
    'PARTIALLY_SHIPPED',
    'SHIPPED',
    'DELIVERED',
    'RETURNED',
    'REFUNDED',
  ];
  const expected = (from: OrderStatus, to: OrderStatus): string | undefined => {
    if (from === 'CANCELLED') return 'ORDER_CANCELLED';
    const isBehind = FORWARD.includes(to) && FORWARD.indexOf(from) > FORWARD.indexOf(to);
    if (from === to || isBehind) return undefined;
    return MAY[from]!.split(' ').includes(to) ? to : 'INVALID_STATE';
  };

  test.each(PAIRS)('from %s to %s', (status, to) => {
    expect(codeOr(() => advance({ status }, to))).toBe(expected(status, to));
  });

  test.each(PAIRS)('from %s to %s again changes nothing, once it was made', (status, to) => {
    const next = codeOr(() => advance({ status }, to));
    if (next !== to || to === 'CANCELLED') return;
    expect(advance({ status: to }, to)).toBeUndefined();
  });

  test.each(PAIRS)('from %s to %s is refused while the order is being cancelled', (status, to) => {
    expect(codeOr(() => advance({ status, cancellationRequestedAt: new Date(0) }, to))).toBe('ORDER_CANCELLED');
  });
});

describe('a cancellation', () => {
  const CANCELLABLE = ['PENDING', 'ON_HOLD', 'CONFIRMED', 'PROCESSING'];

  test.each(STATUSES)('of an order that is %s', (status) => {
    const expected =
      status === 'CANCELLED' ? 'ORDER_CANCELLED' : CANCELLABLE.includes(status) ? undefined : 'INVALID_STATE';
    expect(codeOr(() => checkCancellable({ status }))).toBe(expected);
  });

  test.each(STATUSES)('is asked for once, also when the order is %s', (status) => {
    expect(codeOr(() => checkCancellable({ status, cancellationRequestedAt: new Date(0) }))).toBe('ORDER_CANCELLED');
  });

  test('says where in the input the order stands that cannot be cancelled', () => {
    for (const status of ['CANCELLED', 'SHIPPED'] as const) {
      expect(() => checkCancellable({ status })).toThrow(
        expect.objectContaining({ userErrors: [expect.objectContaining({ path: ['input', 'orderId'] })] }),
      );
    }
  });

  test('has the reason of who asked for it, before what a saga found', () => {
    for (const found of Object.keys(CancellationReason) as CancellationReason[]) {
      expect(reasonOf({ cancellationReason: 'CUSTOMER_REQUEST' }, found)).toBe('CUSTOMER_REQUEST');
      expect(reasonOf({ cancellationReason: null }, found)).toBe(found);
    }
  });

  test.each(Object.keys(PaymentStatus) as PaymentStatus[])(
    'leaves a payment that is %s as it was told, and none to be waited for that never began',
    (now) => {
      expect(paymentAtEnd(now, 'REFUNDED')).toBe('REFUNDED');
      const isBegun = now !== 'CREATED' && now !== 'REQUIRES_ACTION';
      expect(paymentAtEnd(now, undefined)).toBe(isBegun ? now : 'VOIDED');
    },
  );
});

describe('where the payment of an order is', () => {
  /** What a payment goes through, by hand from the payment room's table. */
  const LIVES: PaymentStatus[][] = [
    ['CREATED', 'AUTHORIZED', 'CAPTURED', 'PARTIALLY_REFUNDED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    ['CREATED', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED', 'REFUNDED'],
    ['CREATED', 'REQUIRES_ACTION', 'AUTHORIZED', 'FAILED', 'VOIDED'],
    ['CREATED', 'REQUIRES_ACTION', 'FAILED', 'VOIDED'],
    ['CREATED', 'REQUIRES_ACTION', 'VOIDED'],
    ['CREATED', 'AUTHORIZED', 'VOIDED'],
    ['CREATED', 'FAILED'],
    ['CREATED', 'VOIDED'],
  ];

  test('is the last that became of it, in whatever order and however often that is told', () => {
    const told = fc.constantFrom(...LIVES).chain((life) =>
      fc.record({
        life: fc.constant(life),
        words: fc
          .array(fc.constantFrom(...life), { maxLength: 8 })
          .chain((more) => fc.shuffledSubarray([...life, ...more], { minLength: life.length + more.length })),
      }),
    );
    fc.assert(
      fc.property(told, ({ life, words }) => {
        expect(words.reduce(paymentAfter, 'CREATED')).toBe(life.at(-1));
      }),
    );
  });

  /** What is news in each status, by hand; all else is old, or cannot be. */
  const NEWS: Record<PaymentStatus, PaymentStatus[]> = {
    CREATED: ['REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'VOIDED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    REQUIRES_ACTION: ['AUTHORIZED', 'CAPTURED', 'FAILED', 'VOIDED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    AUTHORIZED: ['CAPTURED', 'FAILED', 'VOIDED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    CAPTURED: ['PARTIALLY_REFUNDED', 'REFUNDED'],
    PARTIALLY_REFUNDED: ['REFUNDED'],
    REFUNDED: [],
    // Also what a saga guessed, where another one found more.
    FAILED: ['VOIDED', 'CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    VOIDED: ['PARTIALLY_REFUNDED', 'REFUNDED'],
  };
  const PAYMENTS = Object.keys(PaymentStatus) as PaymentStatus[];
  test.each(PAYMENTS.flatMap((now) => PAYMENTS.map((told) => [now, told] as const)))(
    'is, where it was %s and %s is told, the one of them that comes later',
    (now, told) => expect(paymentAfter(now, told)).toBe(NEWS[now].includes(told) ? told : now),
  );
});

describe('lines', () => {
  test.each([1, 2, MAX_QUANTITY])('may hold %i pieces', (quantity) =>
    expect(codeOr(() => checkQuantity(quantity, []))).toBeUndefined(),
  );
  test.each([0, -1, MAX_QUANTITY + 1, 1_000_000_000, -(2 ** 31)])('may not hold %i pieces', (quantity) =>
    expect(codeOr(() => checkQuantity(quantity, []))).toBe('INVALID_INPUT'),
  );

  test('are at most a hundred', () => {
    const lines = (length: number) => Array.from({ length }, () => ({ variantId: 'v', quantity: 1 }));
    expect(codeOr(() => checkLines(lines(MAX_LINES), []))).toBeUndefined();
    expect(codeOr(() => checkLines(lines(MAX_LINES + 1), []))).toBe('INVALID_INPUT');
  });

  test('that are wrong are pointed at', () => {
    const lines = [
      { variantId: 'a', quantity: 1 },
      { variantId: 'b', quantity: 0 },
    ];
    expect(() => checkLines(lines, ['input', 'lines'])).toThrow(
      expect.objectContaining({ userErrors: [expect.objectContaining({ path: ['input', 'lines', '1', 'quantity'] })] }),
    );
  });
});

const lines = fc.array(
  fc.record({ variantId: fc.constantFrom('a', 'b', 'c'), quantity: fc.integer({ min: 1, max: 20 }) }),
  { maxLength: 12 },
);
const stock = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -5, max: 60 }));
const total = (of: readonly DemandLine[], variantId: string): number =>
  of.filter((line) => line.variantId === variantId).reduce((sum, { quantity }) => sum + quantity, 0);

describe('what is wanted and what there is', () => {
  test('is wanted of each variant, whatever lines it stands in, and in sum no more and no less', () => {
    fc.assert(
      fc.property(lines, (wanted) => {
        const demand = demandOf(wanted);
        for (const [variantId, quantity] of demand) expect(quantity).toBe(total(wanted, variantId));
        expect([...demand.values()].reduce((sum, n) => sum + n, 0)).toBe(
          wanted.reduce((sum, { quantity }) => sum + quantity, 0),
        );
      }),
    );
  });

  test('is refused exactly if of some variant all lines together want more than there is', () => {
    fc.assert(
      fc.property(lines, stock, (wanted, there) => {
        const available = new Map(Object.entries(there));
        const short = ['a', 'b', 'c'].filter((id) => total(wanted, id) > Math.max(0, there[id] ?? 0));
        const [error] = missingStock(wanted, available)?.userErrors ?? [];
        expect(Boolean(error)).toBe(short.length > 0);
        if (!error) return;
        expect(short).toContain(error.variantId);
        expect(error).toMatchObject({
          code: 'INSUFFICIENT_STOCK',
          __typename: 'InsufficientStock',
          available: Math.max(0, there[error.variantId as string] ?? 0),
        });
        expect(wanted[Number(error.path![2])]!.variantId).toBe(error.variantId);
      }),
    );
  });

  test('reads differently when nothing is left', () => {
    const wanted = [{ variantId: 'a', quantity: 3 }];
    expect(missingStock(wanted, new Map())!.message).toBe('This is sold out.');
    expect(missingStock(wanted, new Map([['a', 2]]))!.message).toBe('Only 2 left, 3 wanted: order less.');
    expect(missingStock(wanted, new Map([['a', 3]]))).toBeUndefined();
  });
});

describe('the timeline', () => {
  const at = (seconds: number) => new Date(seconds * 1000);

  test('tells what a saga reports, in its order', () => {
    const story: StepReport[] = [
      { tells: 'STOCK_RESERVED', isRefusal: false, at: at(1) },
      { tells: 'PAYMENT_REFUSED', isRefusal: true, at: at(4) },
    ];
    expect(tellStory(story)).toEqual([
      { type: 'STOCK_RESERVED', at: at(1) },
      { type: 'PAYMENT_REFUSED', at: at(4) },
    ]);
  });

  test('tells of no refusal that only came because the order was called off', () => {
    const story: StepReport[] = [
      { tells: 'PAYMENT_REFUSED', isRefusal: true, at: at(10) },
      { tells: 'STOCK_RELEASED', isRefusal: false, at: at(11) },
    ];
    expect(tellStory(story, at(10)).map(({ type }) => type)).toEqual(['STOCK_RELEASED']);
    expect(tellStory(story, at(12)).map(({ type }) => type)).toEqual(['PAYMENT_REFUSED', 'STOCK_RELEASED']);
    expect(tellStory(story, null).map(({ type }) => type)).toEqual(['PAYMENT_REFUSED', 'STOCK_RELEASED']);
  });

  test('has one word for the money of a cancellation: its refunds, or the saga where they are not there yet', () => {
    const entry = (type: TimelineEntryType, reference = '', orderId = 'order_1') => ({ orderId, type, reference });
    const [said, made, other] = [
      entry('PAYMENT_REFUNDED'),
      entry('PAYMENT_REFUNDED', 'refund_1'),
      entry('PAYMENT_REFUNDED', '', 'order_2'),
    ];
    expect(asRead([entry('PLACED'), said])).toEqual([entry('PLACED'), said]);
    expect(asRead([entry('PLACED'), made, said, other])).toEqual([entry('PLACED'), made, other]);
    expect(messageOf('PAYMENT_REFUNDED', null)).toBe(MESSAGES.PAYMENT_REFUNDED);
    expect(messageOf('PAYMENT_REFUNDED', money(1234n, 'KWD'))).toBe('1.234 KWD was refunded.');
  });

  test('has a sentence for every entry, and an entry for every status that an order comes into', () => {
    expect(Object.keys(MESSAGES).toSorted()).toEqual(Object.keys(TimelineEntryType).toSorted());
    for (const message of Object.values(MESSAGES)) expect(message).toMatch(/^[A-Z].*\.$/);
    for (const status of STATUSES.filter((one) => one !== 'PENDING' && one !== 'ON_HOLD'))
      expect(MESSAGES).toHaveProperty(status);
  });
});

test('every refusal of a rule is one that its user can read', () => {
  for (const [status, to] of PAIRS) {
    try {
      advance({ status }, to);
    } catch (error) {
      expect((error as AgoraError).message).toMatch(/\.$/);
      expect(error).toBeInstanceOf(Refusal);
    }
  }
});
