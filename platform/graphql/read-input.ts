import { coerceInputValue, GraphQLNonNull, isInputObjectType } from 'graphql';
import { type UserError, shortened } from '../errors.ts';
import { textCheckOf } from './enforce-text-limits.ts';
import { resolversOf } from './resolvers.ts';
import { createSubgraph } from './subgraph.ts';
import { typeDefsOf } from './type-defs.ts';

/** An input that was read, or what is wrong with it. */
export type ReadInput<Input> = { input: Input } | { errors: UserError[] };

/** The most errors of one input. */
const MAX_ERRORS = 20;

/**
 * Creates a reader of inputs that do not come as arguments, such as lines of a file: by the type of the room's schema, with
 * its defaults, its scalars and the limits of its texts, as if they had come in a request. Paths begin in the input.
 * @param sdl the room's own SDL (room-sdl.ts)
 * @throws Error for a name that is no input type
 */
export function inputReader<Input>(sdl: string, typeName: string): (value: unknown) => ReadInput<Input> {
  const typeDefs = typeDefsOf(sdl);
  const { schema } = createSubgraph('reader', typeDefs, resolversOf(typeDefs, {}));
  const type = schema.getType(typeName);
  if (!isInputObjectType(type)) throw new Error(`${typeName} is no input type.`);
  // `null` is no input, as it would be none in a request.
  const required = new GraphQLNonNull(type);
  const checkTexts = textCheckOf(schema, type);
  return (value) => {
    const errors: UserError[] = [];
    const refuse = (path: readonly (string | number)[], message: string): void => {
      if (errors.length < MAX_ERRORS)
        errors.push({ code: 'INVALID_INPUT', message: shortened(message), path: path.map(String) });
    };
    const coerced = coerceInputValue(value, required, (path, _, { message }) => refuse(path, message));
    if (errors.length > 0) return { errors };
    const input = checkTexts(coerced, errors) as Input;
    return errors.length > 0 ? { errors: errors.slice(0, MAX_ERRORS) } : { input };
  };
}
