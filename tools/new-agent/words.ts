/** The words of a new room, and whether they are still free. */
import { existsSync } from 'node:fs';
import { AREAS } from '../../platform/agent/define-agent.ts';
import { nodeKinds } from '../../gateway/nodes/node-kinds.ts';
import { pluralOf } from '../../platform/text/nouns.ts';
import type { Room } from '../codegen/rooms.ts';
import { RESERVED } from './reserved.ts';

/** The words that fill the templates, as for the title "Gift Card". */
export interface Words {
  /** `giftcard`: the agent, its schema in the database, the prefix of its ids and events. */
  name: string;
  area: string;
  /** `Gift Card`, `gift card`, `Gift card`, `a gift card`, `A gift card`; `gift cards`, `Gift cards`. */
  title: string;
  thing: string;
  Thing: string;
  aThing: string;
  AThing: string;
  things: string;
  Things: string;
  /** `GiftCard`, `GiftCards`, `giftCard`, `giftCards`, `gift_card`, `gift-card`, `gift-cards`. */
  Type: string;
  Types: string;
  field: string;
  fields: string;
  table: string;
  slug: string;
  slugs: string;
}

/** The words for a name. @throws RangeError that says what is wrong with it */
export function wordsFor(name: string, area: string | undefined, givenTitle?: string): Words {
  if (!/^[a-z]{2,31}$/.test(name)) {
    throw new RangeError(`"${name}" is no name for an agent: one word of 2 to 31 lower-case letters, as \`wishlist\`.`);
  }
  if (!AREAS.some((known) => known === area)) {
    throw new RangeError(
      `${area ? `There is no area "${area}"` : 'Say in which area it works'}: --area ${AREAS.join(', ')}.`,
    );
  }
  const title = givenTitle ?? capital(name);
  if (!/^[A-Z][a-z]+( [A-Za-z][a-z]*)*$/.test(title)) {
    throw new RangeError(
      `"${title}" is no title: words of letters with a space between, for one thing, as "Gift Card".`,
    );
  }
  const thing = title.toLowerCase();
  const things = pluralOf(thing);
  const aThing = `${/^[aeiou]/.test(thing) ? 'an' : 'a'} ${thing}`;
  const [Type, Types] = [pascal(thing), pascal(things)];
  const [field, fields] = [camel(Type), camel(Types)];
  const text = {
    title,
    thing,
    Thing: capital(thing),
    aThing,
    AThing: capital(aThing),
    things,
    Things: capital(things),
  };
  const code = {
    Type,
    Types,
    field,
    fields,
    table: thing.replaceAll(' ', '_'),
    slug: thing.replaceAll(' ', '-'),
    slugs: things.replaceAll(' ', '-'),
  };
  for (const word of [name, field, code.table]) {
    if (RESERVED.has(word))
      throw new RangeError(
        `"${word}" means something to SQL, TypeScript or Agora itself: choose another name, or another --title.`,
      );
  }
  return { name, area: area!, ...text, ...code };
}

/**
 * Checks that the words are free. @throws RangeError if the name, the prefix of its ids, or a word that it brings to the
 * graph is another room's
 */
export function checkFree({ name, Type, field, fields }: Words, rooms: readonly Room[]): void {
  if (existsSync(`subgraphs/${name}`)) throw new RangeError(`There is an agent "${name}" already: subgraphs/${name}.`);
  const ids = nodeKinds(rooms).find(({ prefix }) => prefix === name);
  if (ids)
    throw new RangeError(
      `The ids of ${ids.agent}'s \`type ${ids.type}\` begin with \`${name}_\`: choose another name.`,
    );
  for (const room of rooms) {
    const queries = room.schema.getQueryType()?.getFields() ?? {};
    const taken = room.schema.getType(Type) ? `type ${Type}` : [field, fields].find((query) => query in queries);
    if (taken)
      throw new RangeError(
        `${room.name} has \`${taken}\` in its part of the graph already: give this one another --title.`,
      );
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const camel = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const pascal = (text: string): string => text.split(' ').map(capital).join('');
