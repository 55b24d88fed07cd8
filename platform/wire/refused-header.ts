/** Header of an answer that refuses before any effect, with the reason: the caller may ask another replica. */
export const REFUSED_HEADER = 'x-agora-refused';
