import { Refusal } from '../../../platform/errors.ts';

/** More draws than ever needed: a third of the baskets has a variant not for sale in euros, or not in stock. */
const DRAWS = 50;

/**
 * Draws baskets until one can be ordered, and returns its order. A refusal is of the basket; any other error is thrown:
 * were it skipped too, the demo would be smaller each time that an agent is slow.
 * @param draw a basket
 * @param order undefined, or a refusal, if this one cannot be ordered. It is told which draw it is
 * @throws Error if none can be
 */
export async function firstThatCan<Basket, Ordered>(
  draw: () => Basket,
  order: (basket: Basket, draw: number) => Promise<Ordered | undefined>,
): Promise<Ordered> {
  let last: unknown = undefined;
  for (let n = 0; n < DRAWS; n++) {
    try {
      const ordered = await order(draw(), n);
      if (ordered !== undefined) return ordered;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      last = error;
    }
  }
  throw new Error(`Of ${DRAWS} baskets of the demo none can be ordered.`, { cause: last });
}
