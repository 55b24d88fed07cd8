/**
 * A promise that never settles: for what is parked, and goes on elsewhere. Each call makes its own, since whatever waits
 * for one that is shared is kept in memory with it.
 */
export const never = (): Promise<never> => new Promise(() => {});
