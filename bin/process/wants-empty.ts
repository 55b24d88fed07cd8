/**
 * Whether no demo data is wanted. npm keeps `--empty` for itself where the `--` before it was forgotten, and nobody who
 * typed it wants demo data.
 * @param given the option of the command line
 * @param keptByNpm what npm made of it: the variable `npm_config_empty`
 */
export const wantsEmpty = (given: boolean | undefined, keptByNpm: string | undefined): boolean =>
  given ?? keptByNpm === 'true';
