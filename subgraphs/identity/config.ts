import { z } from 'zod';
import { SECRET } from '../../platform/config/secret-files.ts';
import * as value from '../../platform/config/values.ts';
import { identityProviders, redirectUris } from './providers/config.ts';

const DAY = 86_400;

/** The agent's configuration variables. */
export const variables = z.object({
  REFRESH_TOKEN_SECONDS: value
    .whole(1, 366 * DAY)
    .default(604_800)
    .describe('how long a refresh token is good'),
  REFRESH_GRACE_SECONDS: value
    .whole(0, 300)
    .default(10)
    .describe(
      'the grace period in which a used refresh token may be reused after a lost answer; later reuse ends the session',
    ),
  TOTP_ISSUER: z
    .string()
    .regex(/^[^:]{1,50}$/, 'a name of 1 to 50 characters, without a colon')
    .default('Agora')
    .describe('the name of your shop in the authenticator apps of those who add a second factor'),
  OIDC_PROVIDERS: identityProviders
    .describe(
      'OpenID providers to sign in by, a JSON list: [{"id":"acme","name":"Acme","issuer":"https://…","clientId":"…","clientSecret":"…"}]',
    )
    .meta(SECRET),
  SIGN_IN_REDIRECT_URIS: redirectUris.describe(
    'the pages of your shop that OpenID providers may lead back to, with commas between; others are refused',
  ),
});

/** Their parsed values. */
export type IdentityVariables = z.infer<typeof variables>;
