import { Lexer, Source, TokenKind } from 'graphql';
import { limitError } from './limit-error.ts';
import type { DocumentLimits } from './limits.ts';

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Reads a document's tokens before it is parsed, in one pass that keeps nothing and goes nowhere deep.
 * @throws GraphQLError OPERATION_TOO_LARGE, or a syntax error
 */
export function scanDocument(text: string, limits: DocumentLimits): void {
  if (text.length > limits.characters) throw limitError('characters', limits.characters);
  const lexer = new Lexer(new Source(text));
  let brackets = 0;
  for (let tokens = 0; lexer.advance().kind !== TokenKind.EOF; tokens++) {
    if (tokens >= limits.tokens) throw limitError('tokens', limits.tokens);
    if (OPENING.has(lexer.token.kind) && ++brackets > limits.brackets) throw limitError('brackets', limits.brackets);
    if (CLOSING.has(lexer.token.kind)) brackets--;
  }
}
