import { type Words, wordsFor } from '../new-agent/words.ts';

/** Future rooms, by area. Each stand-in keeps notes, so that none of its words is another room's already. */
const ROOMS: Record<string, string> = {
  commerce: 'bundle giftcard',
  fulfilment: 'warehouse shipping returns refunds quality document',
  marketing: 'promotion recommendation search review forecast',
  partners: 'merchant vendor supplier marketplace',
  service: 'support chat email sms knowledge',
  trust: 'fraud risk',
  system: 'backoffice analytics integration',
};

/** The words of the first future rooms, one area after the other. @throws RangeError if there are not so many */
export function futureRooms(count: number): Words[] {
  const all = Object.entries(ROOMS).flatMap(([area, names]) => names.split(' ').map((name) => ({ area, name })));
  if (count < 1 || count > all.length) throw new RangeError(`--rooms takes 1 to ${all.length}.`);
  return all.slice(0, count).map(({ area, name }) => wordsFor(name, area, `${capital(name)} Note`));
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
