/** The traits by which its owner recognises a session. Pure. */
import { isIPv4, isIPv6 } from 'node:net';

/** The network of an address: enough for its owner to recognise, not enough to locate a person. */
export function truncated(address: string | undefined): string | null {
  if (!address) return null;
  if (isIPv4(address)) return address.replace(/\.\d+$/, '.0/24');
  if (!isIPv6(address)) return null;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head.split(':').filter(Boolean);
  const whole = tail === undefined ? groups : [...groups, '0', '0', '0'];
  return `${whole.slice(0, 3).join(':')}::/48`;
}

/** A header's text as it is stored: without control characters. */
export const kept = (text: string | undefined): string | null =>
  text?.replace(/[^\x20-\x7e]/g, '').slice(0, 300) || null;
