/** What is there to try Agora out, and would be a hole in a shop of one's own: in production it is off unless asked for. */
import type { Config } from './config.ts';

const isOn = (given: 'on' | 'off' | undefined, NODE_ENV: Config['NODE_ENV']): boolean =>
  (given ?? (NODE_ENV === 'production' ? 'off' : 'on')) === 'on';

/** Whether demo data may be loaded, and the password of its accounts, which everybody knows, opens them. */
export const allowsDemo = ({ DEMO_DATA, NODE_ENV }: Pick<Config, 'DEMO_DATA' | 'NODE_ENV'>): boolean =>
  isOn(DEMO_DATA, NODE_ENV);

/** Whether orders may be paid by the simulator, which moves no money. */
export const allowsSimulator = ({
  PAYMENT_SIMULATOR,
  NODE_ENV,
}: Pick<Config, 'PAYMENT_SIMULATOR' | 'NODE_ENV'>): boolean => isOn(PAYMENT_SIMULATOR, NODE_ENV);

/** What is said where a payment would need it and it is off: it is the one provider that there is. */
export const NO_PROVIDER = 'No payment provider is connected to this shop.';
