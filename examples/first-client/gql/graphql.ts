/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/**
 * A postal address as input, in any script. Each text has at most 200 characters; blanks around it and doubled ones within
 * go, and texts that cannot be seen or that turn the direction of writing are refused.
 */
export type AddressInput = {
  /** City or town. */
  city: string;
  /** Country. */
  country: string;
  /** Street and number. */
  line1: string;
  /** Floor, flat, company. */
  line2?: string | null | undefined;
  /** Who receives. */
  name: string;
  /**
   * Postal code, such as one of this country can be. Left out, null or empty where addresses have none: in Hong Kong, the
   * Emirates, Panama.
   */
  postcode?: string | null | undefined;
  /** State, province or county, where addresses have one. */
  region?: string | null | undefined;
};

/** Why an order was cancelled. */
export type CancellationReason =
  /** The buyer wanted it. */
  | 'CUSTOMER_REQUEST'
  /** It looked like fraud. */
  | 'FRAUD'
  /** Others were faster: there was not enough left. */
  | 'INSUFFICIENT_STOCK'
  /** The shop wanted it. */
  | 'MERCHANT_REQUEST'
  /** Something else. */
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
  /** How many, 1 to 10,000. */
  quantity: number;
  /** What. */
  variantId: string;
};

/** Where an order is on its way. */
export type OrderStatus =
  /** It will not be carried out; everything about it is undone. */
  | 'CANCELLED'
  /** Stock is reserved and the payment authorised. */
  | 'CONFIRMED'
  /** It has arrived. */
  | 'DELIVERED'
  /** Kept back until somebody has looked at it. */
  | 'ON_HOLD'
  /** A part is on its way. */
  | 'PARTIALLY_SHIPPED'
  /** Accepted; stock and payment are being arranged. */
  | 'PENDING'
  /** Paid, and being prepared. */
  | 'PROCESSING'
  /** It came back and the money was given back. */
  | 'REFUNDED'
  /** It came back. */
  | 'RETURNED'
  /** All of it is on its way. */
  | 'SHIPPED';

/** How an order is paid. */
export type PaymentInput = {
  /** What the payment provider gave to the shop's page for the buyer's card or account. */
  token: string;
};

/** Where a payment is. */
export type PaymentStatus =
  /** The money is set aside. */
  | 'AUTHORIZED'
  /** The money has been taken. */
  | 'CAPTURED'
  /** Not tried yet. */
  | 'CREATED'
  /** It was refused. */
  | 'FAILED'
  /** A part was given back. */
  | 'PARTIALLY_REFUNDED'
  /** All of it was given back. */
  | 'REFUNDED'
  /** The buyer must do something first, for example confirm it with the bank. */
  | 'REQUIRES_ACTION'
  /** Nothing was taken, and nothing is set aside any more; also of an order that ended before its payment began. */
  | 'VOIDED';

/** An order to place. */
export type PlaceOrderInput = {
  /** Who pays; the same as `shippingAddress` when not given. */
  billingAddress?: AddressInput | null | undefined;
  /** Order what is in this cart; or give `lines`. The order of a customer's cart is that customer's, whoever places it. */
  cartId?: string | null | undefined;
  /** The sales channel; the cart's, or `default`, when not given. */
  channel?: string | null | undefined;
  /** Codes of promotions. */
  couponCodes?: Array<string> | null | undefined;
  /** What to pay in; the cart's, or the channel's own currency, when not given. */
  currency?: string | null | undefined;
  /** Where to write to about it. A guest must give it, and staff who order for one. */
  email?: string | null | undefined;
  /** What the buyer saw as total: another total is refused. */
  expectedTotal?: MoneyInput | null | undefined;
  /**
   * The same key again answers with the same order: send a new one with a new order. 1 to 255 characters. Repeat the request
   * as it was: the same spelt otherwise (an empty list for none, the billing address given where it is the shipping address,
   * an amount with another number of digits) is another request. Only null for what is not given, and capitals in `email`,
   * make no difference.
   */
  idempotencyKey: string;
  /** Order this: 1 to 100 lines. */
  lines?: Array<OrderLineInput> | null | undefined;
  /** How it is paid. */
  payment: PaymentInput;
  /** Where it goes. */
  shippingAddress: AddressInput;
  /** The way of shipping; `standard` when not given. */
  shippingOption?: string | null | undefined;
};

/** A session to go on with. */
export type RefreshSessionInput = {
  /** The newest one of the session. */
  refreshToken: string;
};

/** Who signs in. */
export type SignInInput = {
  /** What they signed up with, in whatever case. */
  email: string;
  /** Their password. */
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