/** Features for a trial of Agora that would be security holes in a real shop: off in production unless switched on. */
import type { Config } from './config.ts';

const isOn = (given: 'on' | 'off' | undefined, NODE_ENV: Config['NODE_ENV']): boolean =>
  (given ?? (NODE_ENV === 'production' ? 'off' : 'on')) === 'on';

/** Whether demo data may be loaded, and its accounts be opened by their well-known password. */
export const allowsDemo = ({ DEMO_DATA, NODE_ENV }: Pick<Config, 'DEMO_DATA' | 'NODE_ENV'>): boolean =>
  isOn(DEMO_DATA, NODE_ENV);

/** Whether orders may be paid by the simulator, which moves no money. */
export const allowsSimulator = ({
  PAYMENT_SIMULATOR,
  NODE_ENV,
}: Pick<Config, 'PAYMENT_SIMULATOR' | 'NODE_ENV'>): boolean => isOn(PAYMENT_SIMULATOR, NODE_ENV);

/** Error message of a payment while the simulator, the only provider there is, is off. */
export const NO_PROVIDER = 'No payment provider is connected to this shop.';
