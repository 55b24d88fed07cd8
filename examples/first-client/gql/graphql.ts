/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/**
 * A postal address as input, in any script. Blanks around each text and doubled ones within are removed and its characters
 * are composed (NFC); then it has at most 200 of them. Invisible texts or changes of the writing direction are refused.
 */
export type AddressInput = {
  /** City or town. At most 1,000 characters. */
  city: string;
  /** Country. */
  country: string;
  /** Street and number. At most 1,000 characters. */
  line1: string;
  /** Floor, flat, company. At most 1,000 characters. */
  line2?: string | null | undefined;
  /** The recipient's name. At most 1,000 characters. */
  name: string;
  /**
   * Postal code, in the format of the country. Left out, null or empty where addresses have none: in Hong Kong, the
   * Emirates, Panama. At most 1,000 characters.
   */
  postcode?: string | null | undefined;
  /** State, province or county, where addresses have one. At most 1,000 characters. */
  region?: string | null | undefined;
};

/** Why an order was cancelled. */
export type CancellationReason =
  /** The buyer's wish. */
  | 'CUSTOMER_REQUEST'
  /** Suspected fraud. */
  | 'FRAUD'
  /** There was not enough stock left: other buyers were faster. */
  | 'INSUFFICIENT_STOCK'
  /** The shop's wish. */
  | 'MERCHANT_REQUEST'
  /** Any other reason. */
  | 'OTHER'
  /** The card or account was refused. */
  | 'PAYMENT_DECLINED'
  /** The buyer did not confirm the payment in time. */
  | 'PAYMENT_EXPIRED'
  /** The payment could not be completed. */
  | 'PAYMENT_FAILED';

/** An amount of money as input. */
export type MoneyInput = {
  /** In major units: `"12.34"`. */
  amount: string;
  /** The currency. */
  currency: string;
};

/** One line to order. */
export type OrderLineInput = {
  /** Number of units, 1 to 10,000. */
  quantity: number;
  /** The variant. */
  variantId: string;
};

/** Status of an order. */
export type OrderStatus =
  /** It will not be carried out; everything about it is undone. */
  | 'CANCELLED'
  /** Stock is reserved and the payment authorised. */
  | 'CONFIRMED'
  /** It was delivered. */
  | 'DELIVERED'
  /** Held back for review. */
  | 'ON_HOLD'
  /** A part is on its way. */
  | 'PARTIALLY_SHIPPED'
  /** Accepted; stock and payment are being arranged. */
  | 'PENDING'
  /** Paid, and being prepared. */
  | 'PROCESSING'
  /** It was returned and the money refunded. */
  | 'REFUNDED'
  /** It was returned. */
  | 'RETURNED'
  /** All of it is on its way. */
  | 'SHIPPED';

/** A means of payment. */
export type PaymentInput = {
  /** The payment provider's token for the buyer's card or account, as the shop's page received it. At most 100 characters. */
  token: string;
};

/** Status of a payment. */
export type PaymentStatus =
  /** The amount is authorised: reserved on the buyer's account. */
  | 'AUTHORIZED'
  /** The amount was captured. */
  | 'CAPTURED'
  /** Not tried yet. */
  | 'CREATED'
  /** It was refused. */
  | 'FAILED'
  /** A part was refunded. */
  | 'PARTIALLY_REFUNDED'
  /** All of it was refunded. */
  | 'REFUNDED'
  /** The buyer must do something first, for example confirm it with the bank. */
  | 'REQUIRES_ACTION'
  /** Nothing was captured, and the authorisation is released; also for an order that ended before its payment began. */
  | 'VOIDED';

/** An order to place. */
export type PlaceOrderInput = {
  /** The billing address; the same as `shippingAddress` when not given. */
  billingAddress?: AddressInput | null | undefined;
  /** The cart to order; or give `lines`. The order of a customer's cart belongs to that customer, also when staff place it. */
  cartId?: string | null | undefined;
  /** The sales channel; the cart's, or `default`, when not given. */
  channel?: string | null | undefined;
  /** Coupon codes of promotions. Each: 1 to 100 characters. */
  couponCodes?: Array<string> | null | undefined;
  /** Currency of the order; the cart's, or the channel's own, when not given. */
  currency?: string | null | undefined;
  /** The e-mail address for messages about it. Required for a guest, and for staff who order for one. */
  email?: string | null | undefined;
  /** The total that the buyer saw: another total is refused. */
  expectedTotal?: MoneyInput | null | undefined;
  /**
   * A repetition with the same key answers with the same order: use a new key for a new order. 1 to 255 characters. Repeat
   * the request as it was: the same order spelt otherwise (an empty list for none, the billing address given where it is
   * the shipping address, an amount with another number of digits) is another request. Only null for a missing value, and
   * capitals in `email`, make no difference.
   */
  idempotencyKey: string;
  /** The lines to order, instead of a cart: 1 to 100. */
  lines?: Array<OrderLineInput> | null | undefined;
  /** The means of payment. */
  payment: PaymentInput;
  /** The shipping address. */
  shippingAddress: AddressInput;
  /** A shipping option's code; `standard` when not given. 1 to 100 characters. */
  shippingOption?: string | null | undefined;
};

/** A session to refresh. */
export type RefreshSessionInput = {
  /** The session's newest refresh token. At most 4,000 characters. */
  refreshToken: string;
};

/** Credentials to sign in with. */
export type SignInInput = {
  /** The e-mail address of the account, in whatever case. */
  email: string;
  /** The password. At most 200 characters. */
  password: string;
};

export type BrowseQueryVariables = Exact<{
  currency: string;
  after?: string | null | undefined;
}>;


export type BrowseQuery = { products: { nodes: Array<{ name: string, variants: Array<{ id: string, sku: string, name: string, price: { amount: string, currency: string } | null, availability: { available: number } | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type PlaceOrderMutationVariables = Exact<{
  input: PlaceOrderInput;
}>;


export type PlaceOrderMutation = { placeOrder: { order: { id: string, number: string, total: { amount: string, currency: string } } | null, userErrors: Array<
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
    > } | null };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { signIn: { accessToken: string | null, refreshToken: string | null, expiresAt: string | null, userErrors: Array<
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
    > } | null };

export type RefreshMutationVariables = Exact<{
  input: RefreshSessionInput;
}>;


export type RefreshMutation = { refreshSession: { accessToken: string | null, refreshToken: string | null, expiresAt: string | null, userErrors: Array<
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
    > } | null };

export type WatchOrderSubscriptionVariables = Exact<{
  orderId: string;
  after?: string | null | undefined;
}>;


export type WatchOrderSubscription = { orderUpdated: { cursor: string, type: string, status: OrderStatus, occurredAt: string, order: { cancellationReason: CancellationReason | null, payments: Array<{ status: PaymentStatus, amount: { amount: string, currency: string } }> | null } | null } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const BrowseDocument = new TypedDocumentString(`
    query Browse($currency: CurrencyCode!, $after: String) {
  products(first: 20, after: $after) {
    nodes {
      name
      variants {
        id
        sku
        name
        price(currency: $currency) {
          amount
          currency
        }
        availability {
          available
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<BrowseQuery, BrowseQueryVariables>;
export const PlaceOrderDocument = new TypedDocumentString(`
    mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    order {
      id
      number
      total {
        amount
        currency
      }
    }
    userErrors {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<PlaceOrderMutation, PlaceOrderMutationVariables>;
export const SignInDocument = new TypedDocumentString(`
    mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    accessToken
    refreshToken
    expiresAt
    userErrors {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<SignInMutation, SignInMutationVariables>;
export const RefreshDocument = new TypedDocumentString(`
    mutation Refresh($input: RefreshSessionInput!) {
  refreshSession(input: $input) {
    accessToken
    refreshToken
    expiresAt
    userErrors {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RefreshMutation, RefreshMutationVariables>;
export const WatchOrderDocument = new TypedDocumentString(`
    subscription WatchOrder($orderId: ID!, $after: String) {
  orderUpdated(orderId: $orderId, after: $after) {
    cursor
    type
    status
    occurredAt
    order {
      cancellationReason
      payments {
        status
        amount {
          amount
          currency
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WatchOrderSubscription, WatchOrderSubscriptionVariables>;