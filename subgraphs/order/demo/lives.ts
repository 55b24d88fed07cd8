import type {
  CancellationReason,
  FulfilmentStatus,
  OrderStatus,
  PaymentStatus,
  TimelineEntryType,
} from '../entities.ts';

/** The course of a demo order. */
export interface Life {
  status: OrderStatus;
  paymentStatus: PaymentStatus;
  fulfilmentStatus: FulfilmentStatus;
  cancellationReason?: CancellationReason;
  /** Whether stock is set aside for it. */
  holdsStock: boolean;
  /** Its timeline: entries, each with the hours since it was placed. */
  story: readonly [TimelineEntryType, number][];
}

const CONFIRMED: Life['story'] = [
  ['PLACED', 0],
  ['STOCK_RESERVED', 0],
  ['PAYMENT_AUTHORIZED', 0],
  ['CONFIRMED', 0],
];
const PROCESSING: Life['story'] = [...CONFIRMED, ['PAYMENT_CAPTURED', 0], ['PROCESSING', 0]];
const SHIPPED: Life['story'] = [...PROCESSING, ['SHIPPED', 20]];
const DELIVERED: Life['story'] = [...SHIPPED, ['DELIVERED', 68]];
const RETURNED: Life['story'] = [...DELIVERED, ['RETURNED', 240]];

const unfulfilled = { fulfilmentStatus: 'UNFULFILLED' } as const;
const fulfilled = { fulfilmentStatus: 'FULFILLED', holdsStock: false } as const;

/** How many there are of each life, the oldest first. Those that still wait for their buyers are placed for real. */
export const LIVES: readonly (Life & { count: number })[] = [
  {
    count: 10,
    status: 'REFUNDED',
    paymentStatus: 'REFUNDED',
    fulfilmentStatus: 'RETURNED',
    holdsStock: false,
    story: [...RETURNED, ['REFUNDED', 260]],
  },
  {
    count: 8,
    status: 'RETURNED',
    paymentStatus: 'CAPTURED',
    fulfilmentStatus: 'RETURNED',
    holdsStock: false,
    story: RETURNED,
  },
  { count: 120, status: 'DELIVERED', paymentStatus: 'CAPTURED', ...fulfilled, story: DELIVERED },
  {
    count: 15,
    status: 'CANCELLED',
    paymentStatus: 'FAILED',
    ...unfulfilled,
    cancellationReason: 'PAYMENT_DECLINED',
    holdsStock: false,
    story: [
      ['PLACED', 0],
      ['STOCK_RESERVED', 0],
      ['PAYMENT_REFUSED', 0],
      ['STOCK_RELEASED', 0],
      ['CANCELLED', 0],
    ],
  },
  {
    count: 10,
    status: 'CANCELLED',
    paymentStatus: 'REFUNDED',
    ...unfulfilled,
    cancellationReason: 'CUSTOMER_REQUEST',
    holdsStock: false,
    story: [
      ...PROCESSING,
      ['CANCELLATION_REQUESTED', 2],
      ['PAYMENT_REFUNDED', 2],
      ['STOCK_RELEASED', 2],
      ['CANCELLED', 2],
    ],
  },
  { count: 40, status: 'SHIPPED', paymentStatus: 'CAPTURED', ...fulfilled, story: SHIPPED },
  {
    count: 8,
    status: 'PARTIALLY_SHIPPED',
    paymentStatus: 'CAPTURED',
    fulfilmentStatus: 'PARTIALLY_FULFILLED',
    holdsStock: true,
    story: [...PROCESSING, ['PARTIALLY_SHIPPED', 18]],
  },
  { count: 50, status: 'PROCESSING', paymentStatus: 'CAPTURED', ...unfulfilled, holdsStock: true, story: PROCESSING },
  { count: 20, status: 'CONFIRMED', paymentStatus: 'AUTHORIZED', ...unfulfilled, holdsStock: true, story: CONFIRMED },
  {
    count: 6,
    status: 'ON_HOLD',
    paymentStatus: 'CREATED',
    ...unfulfilled,
    holdsStock: true,
    story: [
      ['PLACED', 0],
      ['STOCK_RESERVED', 0],
    ],
  },
];
