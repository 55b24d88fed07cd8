import { type ConstDirectiveNode, type ConstListValueNode, Kind, print } from 'graphql';

type Directives = readonly ConstDirectiveNode[];

/** Directives that decide who may see something: each demand of any version is demanded. */
const DECISIONS: ReadonlySet<string> = new Set(['public', 'authenticated', 'requiresScopes', 'policy']);
/** Directives by which the planner asks the agent: they must be the same, or one version is asked wrongly. */
const PLANNING: ReadonlySet<string> = new Set(['external', 'requires', 'provides', 'override', 'interfaceObject']);
/** Directives that hold only if every version has them: an offer that one version lacks cannot be relied on. */
const OFFERS: ReadonlySet<string> = new Set(['key', 'shareable', 'sameForAll']);

/**
 * The directives of something that all versions have; the newest's where nothing depends on it. Undefined if the versions
 * cannot be asked in one way.
 */
export function commonDirectives(versions: readonly (Directives | undefined)[]): ConstDirectiveNode[] | undefined {
  const all = versions.map((directives) => directives ?? []);
  const [newest] = all as [Directives, ...Directives[]];
  const planning = all.map((directives) => texts(directives, PLANNING));
  if (new Set(planning).size > 1) return undefined;
  const hidden = all.flat().find(({ name }) => name.value === 'inaccessible');
  const rest = newest.filter(({ name }) => !DECISIONS.has(name.value) && name.value !== 'inaccessible');
  const kept = rest.filter((directive) => !OFFERS.has(directive.name.value) || isInAll(directive, all));
  return [...kept, ...(hidden ? [hidden] : []), ...strictest(all)];
}

const texts = (directives: Directives, names: ReadonlySet<string>): string =>
  directives
    .filter(({ name }) => names.has(name.value))
    .map((directive) => print(directive))
    .sort()
    .join('\n');

const isInAll = (directive: ConstDirectiveNode, all: readonly Directives[]): boolean =>
  all.every((directives) => directives.some((other) => print(other) === print(directive)));

/** Public only where every version says so; else every demand of every version. */
function strictest(all: readonly Directives[]): ConstDirectiveNode[] {
  const decisions = all.map((directives) => directives.filter(({ name }) => DECISIONS.has(name.value)));
  if (new Set(decisions.map((directives) => texts(directives, DECISIONS))).size === 1) return [...decisions[0]!];
  const demands = decisions.flat().filter(({ name }) => name.value !== 'public');
  const named = (name: string): ConstDirectiveNode[] => {
    const found = demands.filter((directive) => directive.name.value === name);
    return [...new Map(found.map((directive) => [print(directive), directive])).values()];
  };
  return [...named('authenticated').slice(0, 1), ...both(named('requiresScopes')), ...both(named('policy'))];
}

/** Joins demands: `[[a], [b]]` of one version and `[[c]]` of another are `[[a, c], [b, c]]`, (a or b) and c. */
function both(directives: readonly ConstDirectiveNode[]): ConstDirectiveNode[] {
  if (directives.length < 2) return [...directives];
  const groups = directives.map((directive) => alternatives(directive));
  const joined = groups.reduce((some, more) => some.flatMap((one) => more.map((other) => [...one, ...other])));
  const [directive] = directives as [ConstDirectiveNode];
  const [argument] = directive.arguments!;
  const values: ConstListValueNode[] = joined.map((group) => ({
    kind: Kind.LIST,
    values: [...new Set(group)].map((value) => ({ kind: Kind.STRING, value })),
  }));
  return [{ ...directive, arguments: [{ ...argument!, value: { kind: Kind.LIST, values } }] }];
}

const alternatives = (directive: ConstDirectiveNode): string[][] => {
  const list = directive.arguments?.[0]?.value as ConstListValueNode;
  return list.values.map((group) =>
    (group as ConstListValueNode).values.map((item) => (item as { value: string }).value),
  );
};
