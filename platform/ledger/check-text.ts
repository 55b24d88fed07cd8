/** Checks the length of a text of an account or a transfer, if it is given. @throws RangeError */
export function checkText(what: string, text: string | undefined, longest: number): void {
  if (text !== undefined && (text.length < 1 || text.length > longest))
    throw new RangeError(`The ${what} has 1 to ${longest} characters, not ${text.length}.`);
}
