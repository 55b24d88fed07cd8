/**
 * Apollo's packages, loaded with their telemetry off: @apollo/gateway reads the variable when it is loaded and when a
 * gateway is made, and would otherwise report to its vendor. They are CommonJS; `require` keeps the order certain.
 */
import { createRequire } from 'node:module';
import { rememberOperations } from './remembered-operations.ts';

process.env.APOLLO_TELEMETRY_DISABLED = 'true';

const require = createRequire(import.meta.url);
/** Executes query plans. */
export const { ApolloGateway } = require('@apollo/gateway') as typeof import('@apollo/gateway');
/** Composes subgraphs. */
export const { composeServices } = require('@apollo/composition') as typeof import('@apollo/composition');
/** Reads supergraphs and operations for the planner. */
export const { Supergraph, operationFromDocument } =
  require('@apollo/federation-internals') as typeof import('@apollo/federation-internals');
/** Whether operations are read once and not for every request. False only with other versions than the pinned ones. */
export const areOperationsRemembered = rememberOperations(
  require('@apollo/federation-internals/dist/operations'),
  require('@apollo/federation-internals'),
);
