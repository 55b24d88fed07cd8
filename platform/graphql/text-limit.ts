/**
 * One limit on a text, as an input field or an argument declares it: `@name`, `@text` or `@opaque` (shared.graphql). The
 * directive alone says how long the text may be; the rest of the rule is in `platform/text/text.ts`.
 */
import {
  type DirectiveDefinitionNode,
  type DirectiveNode,
  type InputValueDefinitionNode,
  Kind,
  type ValueNode,
} from 'graphql';
import { checkName, checkOpaque, checkText } from '../text/text.ts';

/** The directives that limit a text. */
export const TEXT_LIMITS = ['name', 'text', 'opaque'] as const;

/** A directive and its numbers, in characters. */
export interface TextLimit {
  kind: (typeof TEXT_LIMITS)[number];
  /** 0 where an empty text is as good as none. */
  min: number;
  max: number;
}

/** The definition of a directive, whose arguments have the defaults. */
export type DirectiveOf = (name: string) => DirectiveDefinitionNode | undefined | null;

/**
 * The limit that an input field or an argument declares; undefined without one.
 * @throws Error for two at once, and for numbers that no text can meet
 */
export function textLimitOf(
  { name: field, directives = [] }: InputValueDefinitionNode,
  directiveOf: DirectiveOf,
): TextLimit | undefined {
  const [node, ...others] = directives.filter(({ name }) => isTextLimit(name.value) && directiveOf(name.value));
  if (!node) return undefined;
  const kind = node.name.value as TextLimit['kind'];
  if (others.length > 0)
    throw new Error(`${field.value}: @${kind} and @${others[0]!.name.value} cannot both limit one text`);
  const definition = directiveOf(kind)!;
  const min = argument('min', node, definition) ?? (kind === 'name' ? 1 : 0);
  const max = argument('max', node, definition);
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min < 0 || max! < Math.max(1, min))
    throw new Error(`${field.value}: @${kind} has a length that no text can have: \`max\` is below \`min\` or 1`);
  return { kind, min, max: max! };
}

const isTextLimit = (name: string): boolean => (TEXT_LIMITS as readonly string[]).includes(name);

function argument(name: string, node: DirectiveNode, definition: DirectiveDefinitionNode): number | undefined {
  const given = node.arguments?.find((one) => one.name.value === name)?.value;
  return numberIn(given ?? definition.arguments?.find((one) => one.name.value === name)?.defaultValue);
}

const numberIn = (value: ValueNode | undefined): number | undefined =>
  value && (value.kind === Kind.INT ? Number(value.value) : Number.NaN);

/** The text as its resolver gets it. @throws Refusal INVALID_INPUT at the path */
export function checkTextLimit({ kind, min, max }: TextLimit, text: string, path: readonly string[]): string {
  if (kind === 'name') return checkName(text, path, { max });
  return kind === 'text' ? checkText(text, path, { min, max }) : checkOpaque(text, path, { max });
}

const NUMBER = new Intl.NumberFormat('en');

/** The limit in a sentence, for the description: `1 to 200 characters, one line.` */
export function sentenceOf({ kind, min, max }: TextLimit, { isList }: { isList: boolean }): string {
  const range = min > 0 ? `${NUMBER.format(min)} to ${NUMBER.format(max)}` : `at most ${NUMBER.format(max)}`;
  const sentence = `${range} characters${kind === 'name' ? ', one line' : ''}.`;
  return isList ? `Each: ${sentence}` : sentence.replace(/^a/, 'A');
}
