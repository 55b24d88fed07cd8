import { refuse } from '../../../platform/errors.ts';

/** The refusal of new ways in or second factors for an account whose address may be another person's. */
export const notVerified = () =>
  refuse('EMAIL_NOT_VERIFIED', 'Verify your e-mail address first: `requestEmailVerification`.');
