import { createSecretKey, type KeyObject } from 'node:crypto';
import { deriveKey, type KeyRing } from './key-ring.ts';

/** Holders are agents and processes, a few dozen; but what names them comes from outside, and is not to be trusted to be few. */
const MAX_REMEMBERED = 1000;

/** The keys of one purpose, by the master key's id and the holder: derived once. Undefined for a master key that we do not have. */
export function derivedKeys(ring: KeyRing, purpose: string): (id: string, holder: string) => KeyObject | undefined {
  const derived = new Map<string, KeyObject>();
  return (id, holder) => {
    const name = `${id}/${holder}`;
    const known = derived.get(name);
    if (known) return known;
    const master = ring.find((key) => key.id === id);
    if (!master) return undefined;
    const key = createSecretKey(deriveKey(master.bytes, purpose, holder));
    if (derived.size < MAX_REMEMBERED) derived.set(name, key);
    return key;
  };
}
