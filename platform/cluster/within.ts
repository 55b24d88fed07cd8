/** Awaits an answer with a timeout. @throws Error with the code `TIMEOUT`, or the answer's own error */
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
