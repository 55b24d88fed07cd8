import { refuse } from '../../../platform/errors.ts';

/** To whoever would keep a way into an account, or others out of it, whose address may be somebody else's. */
export const notVerified = () =>
  refuse('EMAIL_NOT_VERIFIED', 'Verify your e-mail address first: `requestEmailVerification`.');
