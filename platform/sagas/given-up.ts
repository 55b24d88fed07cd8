/** Codes of refusals that no agent gave: an operator or another saga had the step given up. */
export const OPERATOR = 'OPERATOR';
export const CALLED_OFF = 'CALLED_OFF';

/**
 * Whether the code of a refusal is of a step that was given up. Then it is not known what was done: the step may have
 * worked unnoticed, and so may later ones, in a stretch that a crash cut off.
 */
export const isGivenUp = (code: string): boolean => code === OPERATOR || code === CALLED_OFF;
