import {
  type DirectiveDefinitionNode,
  type DocumentNode,
  Kind,
  type StringValueNode,
  type TypeNode,
  visit,
} from 'graphql';
import { sentenceOf, textLimitOf } from './text-limit.ts';

/**
 * The document with each limit on a text told at the end of its description: GraphiQL, the published schema and the docs
 * then say what is enforced, and no room writes the number twice.
 * @param shared where the directives are defined
 */
export function describeTextLimits(document: DocumentNode, shared: DocumentNode): DocumentNode {
  const directives = new Map<string, DirectiveDefinitionNode>(
    shared.definitions.flatMap((node) => (node.kind === Kind.DIRECTIVE_DEFINITION ? [[node.name.value, node]] : [])),
  );
  return visit(document, {
    InputValueDefinition(node) {
      const limit = textLimitOf(node, (name) => directives.get(name));
      // A text without a description keeps none: a limit alone does not say what it is, and the lint asks for that.
      if (!limit || !node.description) return undefined;
      return { ...node, description: extended(node.description, sentenceOf(limit, { isList: isList(node.type) })) };
    },
  });
}

const isList = (type: TypeNode): boolean =>
  type.kind === Kind.LIST_TYPE || (type.kind === Kind.NON_NULL_TYPE && isList(type.type));

function extended(description: StringValueNode, sentence: string): StringValueNode {
  const said = description.value.trim();
  return { ...description, value: `${said}${/[.!?]$/.test(said) ? '' : '.'} ${sentence}` };
}
