import { NO_PROVIDER } from '../../../platform/config/trial-features.ts';
import type { ProviderStatus } from './provider.ts';

/** How the simulator behaves for a token (design.md, section 3). */
export interface Behaviour {
  /** The status after the authorisation. */
  status: ProviderStatus;
  refusal?: string;
  /** Answers late, though in time. */
  slow?: true;
  /** The call that takes effect, but is never answered. */
  loses?: 'authorise' | 'capture';
  /** The reason for which it refuses the capture. */
  refusesCapture?: string;
}

const TOKENS: Readonly<Record<string, Behaviour>> = {
  tok_ok: { status: 'AUTHORISED' },
  tok_declined: { status: 'DECLINED', refusal: 'The card was declined. Try another card.' },
  tok_capture_fails: { status: 'AUTHORISED', refusesCapture: 'The card issuer withdrew its promise to pay.' },
  tok_timeout: { status: 'AUTHORISED', loses: 'authorise' },
  tok_capture_timeout: { status: 'AUTHORISED', loses: 'capture' },
  tok_3ds: { status: 'REQUIRES_ACTION' },
  tok_slow: { status: 'AUTHORISED', slow: true },
};

const UNKNOWN: Behaviour = { status: 'DECLINED', refusal: 'The payment token is not known. Enter the card again.' };

/** How it behaves where it is switched off: it must never look like money. */
export const OFF: Behaviour = { status: 'DECLINED', refusal: NO_PROVIDER };

/** How the simulator behaves for this token. */
export const behaviourOf = (token: string): Behaviour => (Object.hasOwn(TOKENS, token) ? TOKENS[token]! : UNKNOWN);
