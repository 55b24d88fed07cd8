import { envExample } from '../../platform/config/config.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import type { Output } from './output.ts';

/** `.env.example`: the variables of the platform and of every room. */
export const envFile = async (): Promise<Output> => ({ path: '.env.example', text: envExample(await loadAgents()) });
