/**
 * Whether no demo data is wanted. npm keeps `--empty` for itself where the `--` before it was forgotten, and nobody who
 * typed it wants demo data.
 * @param given the option of the command line
 */
export const wantsEmpty = (given: boolean | undefined): boolean => given ?? process.env.npm_config_empty === 'true';
