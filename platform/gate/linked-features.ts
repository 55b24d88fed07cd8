/**
 * Names of the authorisation directives in one supergraph. A `@link` may rename a whole specification (`as:`) or its
 * imports; a wrong name would be a permission that is never checked. So anything that is not understood here is an
 * error. https://specs.apollo.dev/link/v1.0/
 */
import { type DirectiveNode, type DocumentNode, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';

/** The four directives that carry a decision. */
export type DecisionDirective = 'authenticated' | 'requiresScopes' | 'policy' | 'public';

/** One `@link` and its arguments. */
interface Link {
  node: DirectiveNode;
  url: string;
  as: string | undefined;
  purpose: string | undefined;
  imports: unknown[];
}

/** The names of a document's authorisation directives. */
export interface LinkedFeatures {
  /** Local name of a directive (without `@`) → its name in the specification. */
  directives: ReadonlyMap<string, DecisionDirective>;
  /** The links of the three security specifications. */
  securityLinks: ReadonlySet<DirectiveNode>;
  /** The namespaces of those, whose `namespace__Element` definitions belong to them. */
  securityNamespaces: ReadonlySet<string>;
  /** Local names of imported elements that are not directives, such as the scalar of scopes. */
  securityElements: ReadonlySet<string>;
  /** The local name of `@sameForAll`, if it is linked. */
  sameForAll: string | undefined;
}

const SECURITY: Record<string, DecisionDirective> = {
  'https://specs.apollo.dev/authenticated/v0.1': 'authenticated',
  'https://specs.apollo.dev/requiresScopes/v0.1': 'requiresScopes',
  'https://specs.apollo.dev/policy/v0.1': 'policy',
};
const OURS = 'https://agora.dev/spec/v1.0';
/** A SECURITY specification that decides no access: its elements are in no API schema, and the gateway knows it. */
const INACCESSIBLE = 'https://specs.apollo.dev/inaccessible/v0.2';

/**
 * Reads the `@link`s of a supergraph.
 * @throws Error if an authorisation specification is unknown, or is linked in a way that is not understood
 */
export function linkedFeatures(document: DocumentNode): LinkedFeatures {
  const directives = new Map<string, DecisionDirective>();
  const securityLinks = new Set<DirectiveNode>();
  const securityNamespaces = new Set<string>();
  const securityElements = new Set<string>();
  let sameForAll: string | undefined;
  const links = linksOf(document);
  if (links.length === 0) throw new Error('This is not a supergraph: its schema has no @link.');

  for (const link of links) {
    const security = SECURITY[link.url];
    if (!security && link.url !== INACCESSIBLE && (link.purpose === 'SECURITY' || isSecurityUrl(link.url))) {
      throw new Error(`The supergraph links ${link.url}, which decides about permissions and is not known here.`);
    }
    if (security) {
      securityLinks.add(link.node);
      securityNamespaces.add(link.as ?? security);
      const names = importedNames(link);
      directives.set(names.get(`@${security}`)?.slice(1) ?? link.as ?? security, security);
      for (const [name, local] of names) if (!name.startsWith('@')) securityElements.add(local);
    } else if (link.url === OURS) {
      const names = importedNames(link);
      directives.set(names.get('@public')?.slice(1) ?? `${link.as ?? 'spec'}__public`, 'public');
      sameForAll = names.get('@sameForAll')?.slice(1);
    } else if (link.url.startsWith('https://agora.dev/spec/')) {
      throw new Error(`The supergraph links ${link.url}; only ${OURS} is known here.`);
    }
  }
  requireDefinitions(document, directives);
  return { directives, securityLinks, securityNamespaces, securityElements, sameForAll };
}

const isSecurityUrl = (url: string): boolean => /\/(authenticated|requiresScopes|policy)(\/|$)/.test(url);

function linksOf(document: DocumentNode): Link[] {
  return document.definitions
    .filter((node) => node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION)
    .flatMap((node) => node.directives ?? [])
    .filter((node) => argument(node, 'url') !== undefined)
    .map((node) => ({
      node,
      url: String(argument(node, 'url')).replace(/\/$/, ''),
      as: argument(node, 'as') as string | undefined,
      purpose: argument(node, 'for') as string | undefined,
      imports: (argument(node, 'import') as unknown[] | undefined) ?? [],
    }));
}

const argument = (node: DirectiveNode, name: string): unknown => {
  const value: ValueNode | undefined = node.arguments?.find((candidate) => candidate.name.value === name)?.value;
  return value && valueFromASTUntyped(value);
};

/** Name in the specification → name here, `@` included. */
function importedNames(link: Link): Map<string, string> {
  return new Map(
    link.imports.map((item) => {
      if (typeof item === 'string') return [item, item];
      const { name, as } = item as { name?: unknown; as?: unknown };
      if (typeof name === 'string' && (as === undefined || typeof as === 'string')) return [name, as ?? name];
      throw new Error(`The supergraph's @link of ${link.url} has an import that is not understood.`);
    }),
  );
}

/** Checks that every linked directive is defined, and that no similar one is defined without a link. */
function requireDefinitions(document: DocumentNode, directives: ReadonlyMap<string, DecisionDirective>): void {
  const defined = document.definitions.flatMap((node) =>
    node.kind === Kind.DIRECTIVE_DEFINITION ? [node.name.value] : [],
  );
  for (const [local, directive] of directives) {
    if (!defined.includes(local)) {
      throw new Error(
        `The supergraph links @${directive}, but defines no @${local}: it was renamed in an unknown way.`,
      );
    }
  }
  for (const name of defined) {
    if (/^(\w+__)?(authenticated|requiresScopes|policy|public)$/.test(name) && !directives.has(name)) {
      throw new Error(`The supergraph defines @${name}, which looks like a permission, without linking it.`);
    }
  }
}
