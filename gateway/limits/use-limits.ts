import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  type validate,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { checkVariables } from './check-variables.ts';
import type { Limits } from './limits.ts';
import { conditionalRoot } from './conditional-root.ts';
import { parseWithin } from './parse-within.ts';
import { readBody } from './read-body.ts';
import { pathTo } from './path-to.ts';
import { refused } from './refused.ts';
import { textOf } from './stored-documents.ts';
import { PAGE_POLICY } from './security-headers.ts';

/**
 * Limits as a yoga plugin: variables are checked as they come, documents as they are parsed. WebSockets parse by the
 * same plugin.
 */
export function useLimits({ document, introspection, documents }: Limits): Plugin {
  const parse = parseWithin(document, documents);
  return {
    onRequestParse({ request, url, setRequestParser }) {
      if (request.method === 'POST') setRequestParser(readBody);
      // Yoga reads them, and has no error of its own for text that is no JSON.
      if (request.method === 'GET') for (const name of ['variables', 'extensions']) checkJson(name, url.searchParams);
    },
    async onParams({ params, setParams, request }) {
      checkVariables(params.variables, document);
      if (!documents) return;
      // Yoga takes `documentId` from a body only.
      const id = request.method === 'GET' ? new URL(request.url).searchParams.get('documentId') : undefined;
      setParams({ ...params, query: await textOf(id ? { ...params, documentId: id } : params, documents) });
    },
    onParse({ setParseFn }) {
      setParseFn(parse as never);
    },
    onValidate({ addValidationRule, validateFn, setValidationFn }) {
      setValidationFn(((...given: Parameters<typeof validate>) =>
        validated(validateFn as typeof validate, given)) as never);
      if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule);
    },
    onResponse({ response }) {
      if (response.headers.get('content-type')?.startsWith('text/html'))
        response.headers.set('content-security-policy', PAGE_POLICY);
    },
    onResultProcess({ result }) {
      // Yoga takes the parser's errors for syntax errors, whose status depends on what the client accepts.
      const [error] = (result as ExecutionResult | undefined)?.errors ?? [];
      if (error && REFUSED.has(String(error.extensions.code))) error.extensions.http = refused();
    },
  };
}

const REFUSED: ReadonlySet<string> = new Set(['OPERATION_TOO_LARGE', 'OPERATION_NOT_TRUSTED']);

/** @throws GraphQLError BAD_REQUEST for a parameter that is given, and no JSON */
function checkJson(name: string, parameters: URLSearchParams): void {
  const text = parameters.get(name);
  if (!text) return;
  try {
    JSON.parse(text);
  } catch {
    const message = `\`${name}\` in the URL is no JSON: send it percent-encoded.`;
    throw new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: refused() } });
  }
}

function validated(validateFn: typeof validate, given: Parameters<typeof validate>): readonly GraphQLError[] {
  const [, document] = given;
  const conditional = conditionalRoot(document);
  return conditional ? [conditional] : validateFn(...given).map((error) => placed(error, document));
}

/** A scalar's error about a literal, with the path of its field, as an error of execution has one. */
function placed(error: GraphQLError, document: DocumentNode): GraphQLError {
  if (error.extensions.code !== 'BAD_USER_INPUT') return error;
  const { message, nodes, source, positions, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions, path: pathTo(document, nodes?.[0]) });
}
