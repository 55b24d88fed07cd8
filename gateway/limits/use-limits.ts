import { type ExecutionResult, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { checkVariables } from './check-variables.ts';
import type { Limits } from './limits.ts';
import { parseWithin } from './parse-within.ts';
import { refused } from './refused.ts';
import { PAGE_POLICY } from './security-headers.ts';

/** Variables are looked at as they come, documents as they are parsed. WebSockets parse by the same plugin. */
export function useLimits({ document, introspection }: Limits): Plugin {
  const parse = parseWithin(document);
  return {
    onParams({ params }) {
      checkVariables(params.variables, document);
    },
    onParse({ setParseFn }) {
      setParseFn(parse as never);
    },
    onValidate({ addValidationRule }) {
      if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule);
    },
    onResponse({ response }) {
      if (response.headers.get('content-type')?.startsWith('text/html'))
        response.headers.set('content-security-policy', PAGE_POLICY);
    },
    onResultProcess({ result }) {
      // Yoga takes what the parser throws for a syntax error, whose status depends on what the client accepts.
      const [error] = (result as ExecutionResult | undefined)?.errors ?? [];
      if (error?.extensions.code === 'OPERATION_TOO_LARGE') error.extensions.http = refused();
    },
  };
}
