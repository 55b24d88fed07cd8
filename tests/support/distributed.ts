/** Imported before a scenario, it runs that against Agora as many processes. */
import { jest } from '@jest/globals';

process.env.AGORA_TEST_DISTRIBUTED = '1';
// Seven processes start and end: the scenario's own time limit is for one.
jest.setTimeout(360_000);
