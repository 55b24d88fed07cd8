/** The port of payment providers, which move the money. A provider is an adapter behind it; the simulator is one. */

/**
 * The status of a payment at the provider. The provider decides: a captured payment is captured, whatever our row says.
 */
export const ProviderStatus = {
  REQUIRES_ACTION: 'REQUIRES_ACTION',
  AUTHORISED: 'AUTHORISED',
  DECLINED: 'DECLINED',
  EXPIRED: 'EXPIRED',
  CAPTURED: 'CAPTURED',
  VOIDED: 'VOIDED',
} as const;
export type ProviderStatus = keyof typeof ProviderStatus;

/** A payment as the provider has it. */
export interface ProviderPayment {
  status: ProviderStatus;
  /** Captured minor units. */
  captured: bigint;
  /** Null for a reference that was voided before the provider knew it. */
  currency: string | null;
  /** The reason, for the buyer, of a decline or, while it is AUTHORISED, of a refused capture. */
  refusal?: string;
  /** The action that the buyer has to take, while it is REQUIRES_ACTION. */
  action?: { url: string; expiresAt: Date };
}

/** A payment to authorise, or to charge. */
export interface Authorisation {
  /** Ours, unique, made before the first call: asked again with it, the provider answers for the same payment. */
  reference: string;
  /** The token that the buyer's browser got from the provider in exchange for a card. */
  token: string;
  minor: bigint;
  currency: string;
}

/** The provider refused this refund. Any other error means that the effect is not known. */
export class RefundRefused extends Error {
  override readonly name = 'RefundRefused';
}

/**
 * Every call is safe to repeat: authorise, charge, capture and void by the payment's reference, a refund by its own. Each
 * answers with the payment as it is after the call, also if the call had no effect; an error means that the effect is
 * not known. The signal aborts when the time is up.
 */
export interface PaymentProvider {
  authorise(payment: Authorisation, signal: AbortSignal): Promise<ProviderPayment>;
  /**
   * Authorises and captures in one call: a sale. A payment whose buyer has to act first is only authorised then, and
   * captured by `capture`. If the capture is refused, it stays AUTHORISED with the reason.
   */
  charge(payment: Authorisation, signal: AbortSignal): Promise<ProviderPayment>;
  /** The payment under this reference, if the provider knows it. */
  find(reference: string, signal: AbortSignal): Promise<ProviderPayment | undefined>;
  /** The buyer has completed the required action. */
  confirmAction(reference: string, signal: AbortSignal): Promise<ProviderPayment>;
  /** Captures the whole amount. Not possible once voided. */
  capture(reference: string, signal: AbortSignal): Promise<ProviderPayment>;
  /**
   * Lets go of the amount. Not possible once captured. Also for a reference that the provider does not know: an
   * authorisation that arrives later is then refused. (Adyen's technical cancel by one's own reference is such a call:
   * https://docs.adyen.com/online-payments/cancel/#technical-cancel.)
   */
  void(reference: string, signal: AbortSignal): Promise<ProviderPayment>;
  /** @throws RefundRefused */
  refund(
    reference: string,
    refund: { reference: string; minor: bigint },
    signal: AbortSignal,
  ): Promise<ProviderPayment>;
}
