import type { ExecutionResult } from 'graphql';
import { count } from '../../platform/telemetry/metrics.ts';
import type { ErrorMask } from './mask-error.ts';

/** Counts the errors of one result. The mask knows the agents behind them. */
export function countErrors(
  operation: string,
  errors: ExecutionResult['errors'],
  mask: Pick<ErrorMask, 'agentOf'>,
): void {
  for (const error of errors ?? []) {
    const code = String(error.extensions.code ?? 'INTERNAL_SERVER_ERROR');
    count('agora_graphql_errors_total', { operation, agent: mask.agentOf(error) ?? 'gateway', code });
  }
}
