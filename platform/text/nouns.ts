/** English words for what code names, for descriptions and templates that are made of a name. Pure. */

/** The words of a name in PascalCase, as within a sentence: `WebhookDelivery` is `webhook delivery`, `APIKey` is `API key`. */
export const wordsOf = (name: string): string =>
  name
    .split(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .map((word) => (/^[A-Z\d]{2,}$/.test(word) ? word : word.toLowerCase()))
    .join(' ');

/** The plural of a regular noun: `delivery` becomes `deliveries`, `box` `boxes`, `order` `orders`. */
export function pluralOf(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}
