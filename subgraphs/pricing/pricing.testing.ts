/** For this room's tests: pricing and product on a database of their own, and the steps that most tests take. */
import { actor, openAgents } from '../../tests/support/agents.ts';

/** The time when tests begin. */
export const NOW = new Date('2026-06-01T12:00:00Z');
/** The merchant of the variants. */
export const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
/** Another merchant. */
export const rival = actor({ roles: ['MERCHANT'], merchantId: 'merchant_b' });

export type Pricing = Awaited<ReturnType<typeof openPricing>>;

/** Opens both agents, with the steps. */
export async function openPricing() {
  const agents = await openAgents(['pricing', 'product']);
  let made = 0;

  return {
    agents,
    moveTo: (at: Date): void => agents.clock.advance(+at - +agents.clock.now()),

    /** A new variant of the merchant's, whose product is still a draft. */
    async newVariant(): Promise<string> {
      const input = { name: `Thing ${++made}`, variants: [{ sku: `THING-${made}`, name: 'One' }] };
      const { product } = await agents.mutate('createProduct', input, 'product { variants { id } }', merchant);
      return product.variants[0].id;
    },

    /** Puts the variant's product up for sale, so that every caller sees it. */
    async publish(variantId: string): Promise<void> {
      const { product } = await agents.query('productVariant', { id: variantId }, 'product { id }', merchant);
      await agents.mutate('publishProduct', { id: product.id }, '', merchant);
    },

    setPrice(input: Record<string, unknown>, as = merchant) {
      const shown = 'price { id amount { amount currency } validFrom validUntil version }';
      return agents.mutate('setPrice', { currency: 'EUR', ...input }, shown, as);
    },

    /** A channel that takes EUR and ships for 5.00. */
    async newChannel(priceMode: 'NET' | 'GROSS'): Promise<string> {
      const id = `channel_${++made}`;
      const shown = { id, code: id, name: 'Test', priceMode, country: 'DE', createdAt: NOW };
      const channel = { ...shown, currencies: ['EUR'], defaultCurrency: 'EUR' };
      await agents.kysely.insertInto('pricing.channel').values(channel).execute();
      const option = {
        channelId: id,
        code: 'standard',
        currency: 'EUR',
        name: 'Standard',
        amountMinor: 500n,
        position: 0,
      };
      await agents.kysely.insertInto('pricing.shipping_option').values(option).execute();
      return id;
    },
  };
}
