/** Time-based one-time passwords (TOTP) of RFC 6238. Pure: the time is given. */
import { TOTP } from 'otpauth';

/** Parameters that every authenticator app supports (RFC 6238 with the defaults of RFC 4226). */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
/** A code is good for one step before its time and one after it: for clocks that differ, and for typing. */
const WINDOW = 1;

/**
 * The URI of a secret for apps, usually shown as a QR code
 * (https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
 */
export const uriOf = (secret: string, email: string, issuer: string): string =>
  new TOTP({ ...FORM, secret, label: email, issuer }).toString();

/** The step of a present code, if none so late was used: every code is good once (RFC 6238, 5.2). */
export function stepOf(secret: string, code: string, now: Date, lastStep: number): number | undefined {
  // The library compares bytes, and throws for text with as many characters but more bytes.
  if (!/^\d{6}$/.test(code)) return undefined;
  const totp = new TOTP({ ...FORM, secret });
  const timestamp = now.getTime();
  const delta = totp.validate({ token: code, timestamp, window: WINDOW });
  if (delta === null) return undefined;
  const step = totp.counter({ timestamp }) + delta;
  return step > lastStep ? step : undefined;
}
