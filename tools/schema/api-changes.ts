import { CriticalityLevel, DiffRule, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/**
 * Breaking changes: parts of the old API that a client could rely on and the new one no longer has. Deprecated parts
 * may go.
 */
export async function breakingApiChanges(oldSdl: string, newSdl: string): Promise<string[]> {
  const changes = await diff(buildSchema(oldSdl), buildSchema(newSdl), [DiffRule.suppressRemovalOfDeprecatedField]);
  return changes
    .filter((change) => change.criticality.level === CriticalityLevel.Breaking)
    .map((change) => (change.path ? `${change.path}: ${change.message}` : change.message));
}
