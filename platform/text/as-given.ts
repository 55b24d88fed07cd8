/** Inputs as their caller gave them, where the platform hands on others: with names without the blanks around them. */

const given = new WeakMap<object, object>();

/** Notes the input of which `kept` was made. */
export function noteGiven(kept: object, input: object): void {
  given.set(kept, input);
}

/** The input as it was given; undefined if it was handed on unchanged. */
export const asGiven = <Input extends object>(kept: Input): Input | undefined => given.get(kept) as Input | undefined;
