/** An authenticator app after RFC 4226 and RFC 6238: it shares no code with ours. */
import { createHmac } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

const decoded = (base32: string): Buffer => {
  const bits = Array.from(base32, (letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
};

/** The code of a secret in base 32 at a time, or so many steps of thirty seconds after it. */
export function codeOf(secret: string, at: Date, steps = 0): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at.getTime() / STEP_MS) + steps));
  const digest = createHmac('sha1', decoded(secret)).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1)! & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** Six digits that are the code of no step near that time. */
export function wrongCodeOf(secret: string, at: Date, n = 0): string {
  const near = new Set([-2, -1, 0, 1, 2].map((steps) => codeOf(secret, at, steps)));
  for (let tried = n * 10; ; tried++) {
    const code = String(tried).padStart(6, '0');
    if (!near.has(code)) return code;
  }
}
