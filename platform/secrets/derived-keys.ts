import { createSecretKey, type KeyObject } from 'node:crypto';
import { deriveKey, type KeyRing } from './key-ring.ts';

/** Cache limit: holders are a few dozen agents and processes, but their names come from outside. */
const MAX_REMEMBERED = 1000;

/** Derives keys of one purpose, cached by the master key's id and the holder; undefined for an unknown master key. */
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
