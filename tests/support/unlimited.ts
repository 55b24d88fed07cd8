/** No rate limits: one machine plays a thousand clients here, and one administrator looks after all of them. */
export const UNLIMITED: Record<string, string> = {
  REQUEST_LIMITS: '1000000/1000000/1000000',
  MUTATION_LIMITS: '1000000/1000000/1000000',
  SIGN_IN_LIMITS: '1000000/1000000',
  REQUESTS_PER_ADDRESS: '1000000',
  SOCKETS_PER_ADDRESS: '1000000',
};
