/** The code of a refusal that no agent gave: an operator had the step given up. */
export const OPERATOR = 'OPERATOR';
/** The same, where another saga ended what the step was about. */
export const CALLED_OFF = 'CALLED_OFF';

/**
 * Whether the code of a refusal is of a step that was given up. Then it is not known what was done: the step may have
 * worked unnoticed, and so may later ones, in a stretch that a crash cut off.
 */
export const isGivenUp = (code: string): boolean => code === OPERATOR || code === CALLED_OFF;
