import { defineSaga } from '../../../platform/sagas/define-saga.ts';
import { placeOrder } from './place-order.ts';

/**
 * Orders that an earlier release accepted: their sagas are replayed over a checkpoint after each step. This file goes once
 * none of them is left.
 */
export const earlierPlaceOrder = defineSaga({
  ...placeOrder,
  name: 'placeOrder',
  description: 'Carries out an order that an earlier release accepted.',
  checkpoints: 'EACH_STEP',
});
