/**
 * Bounds on rules and facts. Together they bound the cost of one evaluation: at most {@link MAX_LIST} rounds over at most
 * {@link MAX_PARTS} parts, each of which reads texts and lists of bounded length.
 */

/** The longest rule, in UTF-16 code units. */
export const MAX_TEXT = 2000;
/** The most parts of a rule: operators, calls, facts and literals. */
export const MAX_PARTS = 100;
/** The deepest nesting of a rule. */
export const MAX_DEPTH = 20;
/** The longest text of a fact, or of an item of a list, in UTF-16 code units. */
export const MAX_FACT_TEXT = 256;
/** The most items of a list, of a fact or in a rule. */
export const MAX_LIST = 200;
