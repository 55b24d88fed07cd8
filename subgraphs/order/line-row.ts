import type { PricedLine } from './price-lines.ts';

/** A priced line as it is kept: as sold, whatever becomes of the product. */
export const lineRow = (
  line: PricedLine,
  { id, orderId, position }: { id: string; orderId: string; position: number },
) => ({
  id,
  order_id: orderId,
  position,
  variant_id: line.variantId,
  merchant_id: line.merchantId,
  sku: line.sku,
  title: line.title,
  quantity: line.quantity,
  unit_price_minor: line.unitPrice,
  subtotal_minor: line.subtotal,
  discount_minor: 0n,
  tax_minor: line.tax,
  total_minor: line.subtotal + line.tax,
});
