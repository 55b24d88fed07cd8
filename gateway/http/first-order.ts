/** The first order that the demo invites to, with which GraphiQL's tabs are filled. */
import type { FirstOrder } from './graphiql-tabs.ts';
import { demoWorld } from '../../platform/agent/demo-world.ts';

/** The first variant of the catalogue, bought by the demo customer. */
export const firstOrder: FirstOrder = {
  email: 'customer@agora.test',
  password: demoWorld.password,
  variantId: demoWorld.variants[0]!.id,
};
