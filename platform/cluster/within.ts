/** The answer, if it comes in time. @throws Error with the code `TIMEOUT` if it does not, and what it throws itself */
export async function within<Answer>(milliseconds: number, answer: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = (): void => reject(Object.assign(new Error(`no answer in ${milliseconds} ms`), { code: 'TIMEOUT' }));
  const timer = setTimeout(late, milliseconds);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
