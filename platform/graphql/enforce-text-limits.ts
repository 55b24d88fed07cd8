/**
 * The limits that a schema declares on its texts (text-limit.ts), enforced before any resolver is called. The checks of a
 * field's arguments are computed once, when the schema is built. A mutation answers with a user error for each offending
 * text, any other field with a GraphQL error, and nothing is done.
 */
import {
  defaultFieldResolver,
  getNamedType,
  type GraphQLArgument,
  type GraphQLFieldResolver,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  GraphQLString,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { UserError } from '../errors.ts';
import { noteGiven } from '../text/as-given.ts';
import { badInput } from './arguments.ts';
import { gather } from './refusals.ts';
import { checkTextLimit, type TextLimit, textLimitOf } from './text-limit.ts';

/** The most errors in one answer: the rest of a long list is told when these are mended. */
const MAX_ERRORS = 100;

/** Checks a value that is there: adds what is wrong to the errors, and returns the value as its resolver gets it. */
type Check = (value: unknown, path: readonly string[], errors: UserError[]) => unknown;

type Given = Record<string, unknown>;
type Resolve = GraphQLFieldResolver<unknown, unknown>;

/**
 * Has every field of the schema check its texts before it is resolved.
 * @throws Error for a limit that is declared where no text is
 */
export function enforceTextLimits(schema: GraphQLSchema): void {
  const checks = new Checks(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    const answer = type === schema.getMutationType() ? refused : thrown;
    for (const field of Object.values(type.getFields())) {
      const check = checks.ofFields(`${type.name}.${field.name}`, field.args);
      if (!check) continue;
      const checked =
        (resolve: Resolve): Resolve =>
        (source, given, context, info) => {
          const errors: UserError[] = [];
          const kept = check(given, [], errors) as Given;
          return errors.length > 0 ? answer(errors) : resolve(source, kept, context, info);
        };
      field.resolve = checked(field.resolve ?? defaultFieldResolver);
      if (field.subscribe) field.subscribe = checked(field.subscribe);
    }
  }
}

/**
 * The check of an input that does not come as an argument, such as a line of a file: adds what is wrong to the errors,
 * and returns the input as a resolver would get it.
 */
export function textCheckOf(
  schema: GraphQLSchema,
  type: GraphQLInputObjectType,
): (input: unknown, errors: UserError[]) => unknown {
  const check = new Checks(schema).ofFields(type.name, Object.values(type.getFields()));
  return (input, errors) => (check ? check(input, [], errors) : input);
}

/** The answer of a mutation: nothing was written. */
const refused = (userErrors: readonly UserError[]) => ({ userErrors });

/** The answer of any other field, which has no user errors. */
const thrown = (errors: readonly UserError[]): never => {
  throw badInput(errors.map(({ message, path = [] }) => `\`${path.join('.')}\`: ${message}`).join(' '));
};

/** The checks of a schema. One of a type is made once, so that a type may hold itself. */
class Checks {
  readonly #schema: GraphQLSchema;
  readonly #ofTypes = new Map<GraphQLInputObjectType, Check>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** Of arguments, or of the fields of an input object; undefined where nothing below has a limit. */
  ofFields(owner: string, fields: readonly (GraphQLArgument | GraphQLInputField)[]): Check | undefined {
    const checks: [string, Check][] = [];
    for (const field of fields) {
      const check = this.#ofType(field.type, this.#limitOf(owner, field));
      if (check) checks.push([field.name, check]);
    }
    return checks.length > 0 ? checkFields(checks) : undefined;
  }

  #ofType(type: GraphQLInputType, limit: TextLimit | undefined): Check | undefined {
    if (isNonNullType(type)) return this.#ofType(type.ofType, limit);
    if (isListType(type)) {
      const check = this.#ofType(type.ofType, limit);
      return check && checkEach(check);
    }
    if (isInputObjectType(type)) return this.#isLimited(type) ? this.#ofObject(type) : undefined;
    return limit && ((text, path, errors) => gather(errors, () => checkTextLimit(limit, text as string, path)));
  }

  #ofObject(type: GraphQLInputObjectType): Check {
    const known = this.#ofTypes.get(type);
    if (known) return known;
    // Found before its own fields are looked at, one of which may be of this type.
    this.#ofTypes.set(type, (value, path, errors) => this.#ofTypes.get(type)!(value, path, errors));
    const check = this.ofFields(type.name, Object.values(type.getFields()))!;
    this.#ofTypes.set(type, check);
    return check;
  }

  /** Whether a text in it, however deep, has a limit. */
  #isLimited(type: GraphQLInputObjectType, seen = new Set<GraphQLInputObjectType>()): boolean {
    if (seen.has(type)) return false;
    seen.add(type);
    return Object.values(type.getFields()).some((field) => {
      const named = getNamedType(field.type);
      return this.#limitOf(type.name, field) || (isInputObjectType(named) && this.#isLimited(named, seen));
    });
  }

  #limitOf(owner: string, { name, type, astNode }: GraphQLArgument | GraphQLInputField): TextLimit | undefined {
    const limit = astNode && textLimitOf(astNode, (directive) => this.#schema.getDirective(directive)?.astNode);
    if (limit && getNamedType(type) !== GraphQLString)
      throw new Error(`${owner}.${name} is ${String(type)}: @${limit.kind} limits a String`);
    return limit ?? undefined;
  }
}

const checkFields =
  (checks: readonly [string, Check][]): Check =>
  (value, path, errors) => {
    const given = value as Given;
    let kept = given;
    for (const [name, check] of checks) {
      if (errors.length >= MAX_ERRORS) break;
      const one = Object.hasOwn(given, name) ? given[name] : undefined;
      if (one == null) continue;
      const checked = check(one, [...path, name], errors);
      if (checked === one) continue;
      // The caller's object stays as it is.
      if (kept === given) kept = { ...given };
      kept[name] = checked;
    }
    if (kept !== given) noteGiven(kept, given);
    return kept;
  };

const checkEach =
  (check: Check): Check =>
  (value, path, errors) => {
    const list = value as readonly unknown[];
    let isSame = true;
    const kept = list.map((one, index) => {
      if (one == null || errors.length >= MAX_ERRORS) return one;
      const checked = check(one, [...path, String(index)], errors);
      isSame &&= checked === one;
      return checked;
    });
    return isSame ? list : kept;
  };
