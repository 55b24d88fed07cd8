/**
 * Random valid operations, over any schema: aliases, fragments, variables with and without defaults, skip and include.
 */
import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Chance } from './random.ts';

/** An operation to execute. */
export interface RandomOperation {
  query: string;
  variables: Record<string, unknown>;
}

/** Knowledge that the schema does not have. */
export interface Knowledge {
  schema: GraphQLSchema;
  /** Coordinates that are not asked for, such as `Consumer.lagSeconds`. */
  without?: ReadonlySet<string>;
  /** Values for a scalar of this name: in an argument of this name, of a field that returns this type. */
  values(scalar: string, argument: string, returns: string): readonly unknown[];
}

/** Deepest selection. */
const DEPTH = 7;
/** Fields of one selection. */
const MOST_FIELDS = 6;

/** Makes a random operation. */
export function randomOperation(chance: Chance, knowledge: Knowledge): RandomOperation {
  return new Writer(chance, knowledge).operation();
}

class Writer {
  readonly #chance: Chance;
  readonly #knowledge: Knowledge;
  readonly #defined: string[] = [];
  readonly #fragments: string[] = [];
  readonly #variables: Record<string, unknown> = {};
  #names = 0;

  constructor(chance: Chance, knowledge: Knowledge) {
    this.#chance = chance;
    this.#knowledge = knowledge;
  }

  operation(): RandomOperation {
    const body = this.#selection(this.#knowledge.schema.getQueryType()!, 0, 3);
    const defined = this.#defined.length > 0 ? `(${this.#defined.join(', ')})` : '';
    return { query: [`query Random${defined} ${body}`, ...this.#fragments].join('\n'), variables: this.#variables };
  }

  /** `{ … }` on a type that has fields. */
  #selection(type: GraphQLOutputType, depth: number, most = MOST_FIELDS): string {
    const parts: string[] = [];
    if (isAbstractType(type)) {
      parts.push('__typename');
      const possible = [...this.#knowledge.schema.getPossibleTypes(type)];
      const own = 'getFields' in type ? this.#fields(type.getFields(), type.name, depth, 2) : [];
      parts.push(...own);
      for (const member of this.#chance.some(possible, 3))
        parts.push(`... on ${member.name}${this.#condition()} ${this.#selection(member, depth)}`);
    } else {
      const object = type as GraphQLObjectType;
      parts.push(...this.#fields(object.getFields(), object.name, depth, most));
      if (this.#chance.is(0.15)) parts.push(`${this.#name('t')}: __typename`);
      if (depth > 0 && this.#chance.is(0.1))
        parts.push(`... ${this.#condition()} ${this.#selection(object, depth, 2)}`);
    }
    const body = `{ ${parts.join(' ')} }`;
    return depth > 0 && this.#chance.is(0.15) ? `{ ${this.#spread((type as GraphQLObjectType).name, body)} }` : body;
  }

  #spread(on: string, body: string): string {
    const name = this.#name('F');
    this.#fragments.push(`fragment ${name} on ${on} ${body}`);
    // Spreading twice is the same as once: fields merge.
    return this.#chance.is(0.3) ? `...${name} ...${name}` : `...${name}${this.#condition()}`;
  }

  #fields(fields: Record<string, GraphQLField<unknown, unknown>>, type: string, depth: number, most: number): string[] {
    const possible = Object.values(fields).filter((field) => {
      if (this.#knowledge.without?.has(`${type}.${field.name}`)) return false;
      return depth < DEPTH || isLeafType(getNamedType(field.type));
    });
    return possible.length === 0 ? [] : this.#chance.some(possible, most).map((field) => this.#field(field, depth));
  }

  /** A field. It has an alias of its own where it could otherwise conflict with itself in another fragment. */
  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const named = getNamedType(field.type);
    const alias = field.args.length > 0 || this.#chance.is(0.5) || !isObjectType(named) ? `${this.#name('a')}: ` : '';
    const args = field.args
      .filter((argument) => isNonNullType(argument.type) || this.#chance.is(0.4))
      .map((argument) => this.#argument(argument, named.name))
      .filter((text) => text !== '');
    const called = `${alias}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}${this.#condition()}`;
    return isLeafType(named) ? called : `${called} ${this.#selection(named as GraphQLOutputType, depth + 1)}`;
  }

  #argument({ name, type }: GraphQLArgument, returns: string): string {
    const value = this.#value(type, name, returns);
    if (value === undefined) return '';
    if (this.#chance.is(0.5)) return `${name}: ${literal(value, type)}`;
    const variable = this.#name('v');
    const isDefault = this.#chance.is(0.3);
    this.#defined.push(`$${variable}: ${String(type)}${isDefault ? ` = ${literal(value, type)}` : ''}`);
    if (!isDefault) this.#variables[variable] = value;
    return `${name}: $${variable}`;
  }

  #condition(): string {
    if (!this.#chance.is(0.08)) return '';
    const directive = this.#chance.one(['skip', 'include']);
    if (this.#chance.is(0.3)) return ` @${directive}(if: ${this.#chance.is(0.5)})`;
    const variable = this.#name('c');
    const [value, byDefault] = [this.#chance.is(0.6), this.#chance.is(0.3)];
    this.#defined.push(byDefault ? `$${variable}: Boolean = ${value}` : `$${variable}: Boolean!`);
    if (!byDefault) this.#variables[variable] = value;
    return ` @${directive}(if: $${variable})`;
  }

  /** A value as a client would send it. Undefined: left out. */
  #value(type: GraphQLInputType, argument: string, returns: string): unknown {
    const bare = getNullableType(type);
    if (isListType(bare)) {
      const item = this.#value(bare.ofType as GraphQLInputType, argument, returns);
      return item === undefined ? [] : [item];
    }
    if (isEnumType(bare)) return this.#chance.one(bare.getValues()).name;
    if (!isInputObjectType(bare)) return this.#chance.one(this.#knowledge.values(bare.name, argument, returns));
    const fields = Object.values(bare.getFields()).filter(
      (field) => (isNonNullType(field.type) && field.defaultValue === undefined) || this.#chance.is(0.3),
    );
    const values = fields.map((field) => [field.name, this.#value(field.type, field.name, returns)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }

  #name(prefix: string): string {
    return `${prefix}${(this.#names += 1)}`;
  }
}

/** The value as it stands in a document. */
function literal(value: unknown, type: GraphQLInputType): string {
  const bare = getNullableType(type);
  if (isListType(bare))
    return `[${(value as unknown[]).map((item) => literal(item, bare.ofType as GraphQLInputType)).join(', ')}]`;
  if (isEnumType(bare)) return String(value);
  if (!isInputObjectType(bare)) return JSON.stringify(value);
  const fields = Object.entries(value as object).map(
    ([name, field]) => `${name}: ${literal(field, bare.getFields()[name]!.type)}`,
  );
  return `{ ${fields.join(', ')} }`;
}
