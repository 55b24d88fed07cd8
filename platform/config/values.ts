/**
 * Types of variables' values. Their error messages say what is valid, and never repeat the given value, which may be a
 * secret.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseSigningKeys, parseVerifyingKeys } from '../identity/token-keys.ts';
import { parseKeyRing } from '../secrets/key-ring.ts';
import { isTimeZone } from '../time-zone.ts';

/** A whole number in decimal digits, and nothing else that JavaScript would take for one: no `0x14`, `1e3`, `+5`. */
export const whole = (least: number, most: number) =>
  z.string().transform((text, context): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    context.addIssue(`a whole number from ${least} to ${most}, in digits`);
    return z.NEVER;
  });

/** A fraction from 0 to 1. */
export const share = z.string().transform((text, context): number => {
  if (/^(0|1|0?\.\d{1,12}|[01]\.\d{1,12})$/.test(text) && Number(text) <= 1) return Number(text);
  context.addIssue('a number from 0 to 1, such as 0.01');
  return z.NEVER;
});

/** A given count of whole numbers with slashes between, each from 1 to a thousand million. */
export const numbers = (count: number, example: string) =>
  z.string().regex(new RegExp(`^[1-9]\\d{0,8}(/[1-9]\\d{0,8}){${count - 1}}$`), `${count} numbers: ${example}`);

/** A string that is checked by a function, which returns the problem, if there is one. */
const checked = (problem: (text: string) => string | undefined) =>
  z.string().superRefine((text, { addIssue }) => {
    const message = problem(text);
    if (message) addIssue(message);
  });

const isWeb = (text: string): boolean => /^https?:\/\//i.test(text) && Boolean(URL.parse(text)?.hostname);

/** The problem with a PostgreSQL URL, if there is one. A URL by a socket has its folder in `?host=`. */
export function problemOfPostgres(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || !/^postgres(ql)?:$/.test(url.protocol))
    return 'the address of a PostgreSQL: postgres://user:password@host:5432/database';
  if (!url.hostname && !url.searchParams.get('host'))
    return 'it names no host: postgres://user:password@host:5432/database';
  return undefined;
}

/** The address of a PostgreSQL. */
export const postgres = checked(problemOfPostgres);

/** The address of a Redis. */
export const redis = checked((text) =>
  /^rediss?:\/\//i.test(text) && URL.parse(text)?.hostname
    ? undefined
    : 'the address of a Redis: redis://host:6379, or rediss:// with TLS',
);

/** Whether requests to an address stay private: by TLS, or on this machine. */
export const isPrivate = (address: string): boolean => {
  const url = URL.parse(address);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url));
};

/** Whether an address is of this machine itself, where TLS has nothing to protect. */
const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);

/** An http or https URL. */
export const web = checked((text) => (isWeb(text) ? undefined : 'an address that begins with https:// or http://'));

/** An address that a path is appended to. */
export const base = checked((text) =>
  isWeb(text) && !/[?#]/.test(text) ? undefined : 'an address that begins with https:// or http://, without ? and #',
);

/** URL of a page that is passed secrets in the fragment, after a `#` that we add. */
export const securePage = checked((text) =>
  isPrivate(text) && !text.includes('#')
    ? undefined
    : 'an https:// address without #; http:// for a page on this machine only',
);

/** A time zone, by its IANA name. */
export const timeZone = checked((text) =>
  isTimeZone(text) ? undefined : 'the name of a time zone, such as Europe/Berlin or UTC',
);

/** Hours of every day in local time, which may last over midnight. */
export const dailyHours = z.string().transform((text, context): { from: string; to: string } => {
  const [, from, to] = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined && from !== to) return { from, to };
  context.addIssue('two different times of day: 22:00-08:00');
  return z.NEVER;
});

/** A name or an address to listen on. */
export const host = checked((text) =>
  isIP(text) > 0 || /^[a-z\d]([\w.-]{0,252})$/i.test(text)
    ? undefined
    : 'a host name or an IP address, without http:// and without a port',
);

/**
 * Origins for CORS, with commas or spaces between, each as a browser sends it, or `*`. Apps in a web view have schemes
 * of their own, such as `capacitor://localhost`.
 */
export const origins = checked((text) => {
  if (text.trim() === '*') return undefined;
  const entries = text.split(/[\s,]+/).filter(Boolean);
  const wrong = entries.findIndex((entry) => !isOrigin(entry));
  if (wrong >= 0)
    return `${wrong}: an origin as a browser sends it, https://shop.example, without a path and in lower case; or * alone`;
  return entries.length > 0 ? undefined : 'at least one origin, or *';
});

function isOrigin(entry: string): boolean {
  const url = URL.parse(entry);
  if (!url?.host) return false;
  return /^https?:$/.test(url.protocol) ? url.origin === entry : `${url.protocol}//${url.host}` === entry;
}

/** Keys of a ring, `id:base64`. */
export const keys = checked((text) => messageOf(() => void parseKeyRing(text)));

/** The message of the error that a function throws, if it throws one. */
export function messageOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The keys of access tokens, of which the first signs. */
export const tokenKey = checked((text) => messageOf(() => void parseSigningKeys(text)));

/** The public keys that verify access tokens. */
export const tokenPublicKey = checked((text) => messageOf(() => void parseVerifyingKeys(text)));
