/** What we ask of whoever moves the money. A provider is an adapter behind this port; the simulator is one. */

/** Where a payment is at the provider. The provider decides: what it captured is captured, whatever our row says. */
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
  /** Minor units that were taken from the buyer. */
  captured: bigint;
  /** Null of a reference that was voided before the provider had heard of it. */
  currency: string | null;
  /** Why it was declined or, while it is AUTHORISED, why the capture was refused: for the buyer. */
  refusal?: string;
  /** What the buyer has to do, while it is REQUIRES_ACTION. */
  action?: { url: string; expiresAt: Date };
}

/** What to authorise. */
export interface Authorisation {
  /** Ours, unique, made before the first call: asked again with it, the provider answers for the same payment. */
  reference: string;
  /** What the buyer's browser got from the provider in exchange for a card. */
  token: string;
  minor: bigint;
  currency: string;
}

/** The provider will not make this refund. Any other error means that nobody knows what happened. */
export class RefundRefused extends Error {
  override readonly name = 'RefundRefused';
}

/**
 * Every call is safe to repeat: authorise, capture and void by the payment's reference, a refund by its own. Each
 * answers with the payment as it is after the call, also where the call had no effect; an error means that the effect
 * is not known. The signal aborts when the time is up.
 */
export interface PaymentProvider {
  authorise(payment: Authorisation, signal: AbortSignal): Promise<ProviderPayment>;
  /** The payment under this reference, if the provider ever heard of it. */
  find(reference: string, signal: AbortSignal): Promise<ProviderPayment | undefined>;
  /** The buyer has done what was required. */
  confirmAction(reference: string, signal: AbortSignal): Promise<ProviderPayment>;
  /** Takes the whole amount. Not possible once voided. */
  capture(reference: string, signal: AbortSignal): Promise<ProviderPayment>;
  /**
   * Lets go of the amount. Not possible once captured. Also for a reference that the provider has not heard of: an
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
