import type { PricedLine } from './price-lines.ts';

/** A priced line as it is stored: as sold, whatever happens to the product later. */
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
