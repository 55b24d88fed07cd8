/** The answer of mutations that have nothing to show. */
export const done = async (work: Promise<void>): Promise<{ done: true }> => {
  await work;
  return { done: true };
};
