/** Stands in an answer that says no before anything was done, with the reason: whoever asked may ask another replica. */
export const REFUSED_HEADER = 'x-agora-refused';
