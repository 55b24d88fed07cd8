import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { createFiles, type Files } from '../../../platform/files/files.ts';

const MEBIBYTE = 1_048_576;

/** The files of the catalogue: what is imported, what is exported, and what was wrong with an import. */
export const productFiles = (agentContext: AgentContext): Files =>
  createFiles('product', agentContext, {
    import: { types: ['application/x-ndjson'], maxBytes: 20 * MEBIBYTE, keptDays: 7, isUploaded: true },
    export: { types: ['application/x-ndjson'], maxBytes: 1024 * MEBIBYTE, keptDays: 7 },
    'import-errors': { types: ['application/x-ndjson'], maxBytes: 1024 * MEBIBYTE, keptDays: 30 },
  });
