import type { PricedLine } from './price-lines.ts';

/** A priced line as it is kept: as sold, whatever becomes of the product. */
export const lineRow = (
  line: PricedLine,
  { id, orderId, position }: { id: string; orderId: string; position: number },
) => ({
  id,
  orderId,
  position,
  variantId: line.variantId,
  merchantId: line.merchantId,
  sku: line.sku,
  title: line.title,
  quantity: line.quantity,
  unitPriceMinor: line.unitPrice,
  subtotalMinor: line.subtotal,
  discountMinor: 0n,
  taxMinor: line.tax,
  totalMinor: line.subtotal + line.tax,
});
