import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AgoraError, Refusal } from '../../platform/errors.ts';
import { money } from '../../platform/money.ts';
import {
  advance,
  advanceThrough,
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

/** The result of a rule, or the code of its refusal. */
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
  /** The forward order of statuses: a replayed step finds the order there or further. */
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

  test.each(PAIRS)('from %s to %s changes nothing when it is replayed', (status, to) => {
    const next = codeOr(() => advance({ status }, to));
    if (next !== to || to === 'CANCELLED') return;
    expect(advance({ status: to }, to)).toBeUndefined();
  });

  test('several steps at once are those that are still ahead', () => {
    const path = (status: OrderStatus) => codeOr(() => advanceThrough({ status }, ['CONFIRMED', 'PROCESSING']));
    expect(path('PENDING')).toEqual(['CONFIRMED', 'PROCESSING']);
    expect(path('CONFIRMED')).toEqual(['PROCESSING']);
    expect(path('PROCESSING')).toEqual([]);
    expect(path('DELIVERED')).toEqual([]);
    expect(path('CANCELLED')).toBe('ORDER_CANCELLED');
  });

  test.each(PAIRS)('from %s to %s is refused while the order is being cancelled', (status, to) => {
    expect(codeOr(() => advance({ status, cancellationRequestedAt: new Date(0) }, to))).toBe('ORDER_CANCELLED');
  });
});

describe('a cancellation', () => {
  const CANCELLABLE = ['PENDING', 'ON_HOLD', 'CONFIRMED', 'PROCESSING'];

  test.each(STATUSES)('of an order that is %s is allowed if nothing is shipped or cancelled yet', (status) => {
    const expected =
      status === 'CANCELLED' ? 'ORDER_CANCELLED' : CANCELLABLE.includes(status) ? undefined : 'INVALID_STATE';
    expect(codeOr(() => checkCancellable({ status }))).toBe(expected);
  });

  test.each(STATUSES)('is refused a second time, also when the order is %s', (status) => {
    expect(codeOr(() => checkCancellable({ status, cancellationRequestedAt: new Date(0) }))).toBe('ORDER_CANCELLED');
  });

  test('that is refused has the path of the order in the input', () => {
    for (const status of ['CANCELLED', 'SHIPPED'] as const) {
      expect(() => checkCancellable({ status })).toThrow(
        expect.objectContaining({ userErrors: [expect.objectContaining({ path: ['input', 'orderId'] })] }),
      );
    }
  });

  test('has the reason of its request before the one that a saga found', () => {
    for (const found of Object.keys(CancellationReason) as CancellationReason[]) {
      expect(reasonOf({ cancellationReason: 'CUSTOMER_REQUEST' }, found)).toBe('CUSTOMER_REQUEST');
      expect(reasonOf({ cancellationReason: null }, found)).toBe(found);
    }
  });

  test.each(Object.keys(PaymentStatus) as PaymentStatus[])(
    'of a payment that is %s takes the status told; a payment that never began is then VOIDED',
    (now) => {
      expect(paymentAtEnd(now, 'REFUNDED')).toBe('REFUNDED');
      const isBegun = now !== 'CREATED' && now !== 'REQUIRES_ACTION';
      expect(paymentAtEnd(now, undefined)).toBe(isBegun ? now : 'VOIDED');
    },
  );
});

describe('the payment status of an order', () => {
  /** Courses of a payment, by hand from the payment room's table. */
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

  test('is the last of the payment’s course, in whatever order and however often its statuses are told', () => {
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

  /** The statuses that are news in each status, by hand; all others are old, or impossible. */
  const NEWS: Record<PaymentStatus, PaymentStatus[]> = {
    CREATED: ['REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'VOIDED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    REQUIRES_ACTION: ['AUTHORIZED', 'CAPTURED', 'FAILED', 'VOIDED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    AUTHORIZED: ['CAPTURED', 'FAILED', 'VOIDED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    CAPTURED: ['PARTIALLY_REFUNDED', 'REFUNDED'],
    PARTIALLY_REFUNDED: ['REFUNDED'],
    REFUNDED: [],
    // Also after a saga's guess, if another saga found more.
    FAILED: ['VOIDED', 'CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
    VOIDED: ['PARTIALLY_REFUNDED', 'REFUNDED'],
  };
  const PAYMENTS = Object.keys(PaymentStatus) as PaymentStatus[];
  test.each(PAYMENTS.flatMap((now) => PAYMENTS.map((told) => [now, told] as const)))(
    'that was %s is, when %s is told, the later of the two',
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

  test('that are wrong are refused at their paths', () => {
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

describe('the demand', () => {
  test('for a variant is the sum of its lines, and nothing is lost or added in all', () => {
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

  test('is refused if and only if the lines of some variant sum to more than its stock', () => {
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

  test('for a variant is refused as sold out when nothing is left, and with the rest otherwise', () => {
    const wanted = [{ variantId: 'a', quantity: 3 }];
    expect(missingStock(wanted, new Map())!.message).toBe('This is sold out.');
    expect(missingStock(wanted, new Map([['a', 2]]))!.message).toBe('Only 2 left, 3 wanted: order less.');
    expect(missingStock(wanted, new Map([['a', 3]]))).toBeUndefined();
  });
});

describe('the timeline', () => {
  const at = (seconds: number) => new Date(seconds * 1000);

  test('has an entry for each report of a saga, in their order', () => {
    const story: StepReport[] = [
      { tells: 'STOCK_RESERVED', isRefusal: false, at: at(1) },
      { tells: 'PAYMENT_REFUSED', isRefusal: true, at: at(4) },
    ];
    expect(tellStory(story)).toEqual([
      { type: 'STOCK_RESERVED', at: at(1) },
      { type: 'PAYMENT_REFUSED', at: at(4) },
    ]);
  });

  test('leaves out refusals after the request to cancel, which caused them', () => {
    const story: StepReport[] = [
      { tells: 'PAYMENT_REFUSED', isRefusal: true, at: at(10) },
      { tells: 'STOCK_RELEASED', isRefusal: false, at: at(11) },
    ];
    expect(tellStory(story, at(10)).map(({ type }) => type)).toEqual(['STOCK_RELEASED']);
    expect(tellStory(story, at(12)).map(({ type }) => type)).toEqual(['PAYMENT_REFUSED', 'STOCK_RELEASED']);
    expect(tellStory(story, null).map(({ type }) => type)).toEqual(['PAYMENT_REFUSED', 'STOCK_RELEASED']);
  });

  test('tells the money of a cancellation once: by its refunds, or by the saga until there are any', () => {
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

  test('has a sentence for every type of entry, and an entry for every status that an order enters', () => {
    expect(Object.keys(MESSAGES).toSorted()).toEqual(Object.keys(TimelineEntryType).toSorted());
    for (const message of Object.values(MESSAGES)) expect(message).toMatch(/^[A-Z].*\.$/);
    for (const status of STATUSES.filter((one) => one !== 'PENDING' && one !== 'ON_HOLD'))
      expect(MESSAGES).toHaveProperty(status);
  });
});

test('every refusal of a rule is a sentence for its user', () => {
  for (const [status, to] of PAIRS) {
    try {
      advance({ status }, to);
    } catch (error) {
      expect((error as AgoraError).message).toMatch(/\.$/);
      expect(error).toBeInstanceOf(Refusal);
    }
  }
});
