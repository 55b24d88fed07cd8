/**
 * A promise that never settles, for work that is parked and goes on elsewhere. Each call makes its own, since a shared
 * one would keep everything that awaits it in memory.
 */
export const never = (): Promise<never> => new Promise(() => {});
