/** A place in the text of a rule, counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** A rule that cannot be compiled. The message says what is wrong, where, and what to write instead. */
export class InvalidRule extends Error {
  override readonly name = 'InvalidRule';
  /** The place of the mistake; undefined if the rule as a whole is wrong. */
  readonly place: Place | undefined;

  constructor(problem: string, text: string, at?: number) {
    const place = at === undefined ? undefined : placeOf(text, at);
    super(place ? `line ${place.line}, column ${place.column}: ${problem}` : problem);
    this.place = place;
  }
}

function placeOf(text: string, at: number): Place {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
