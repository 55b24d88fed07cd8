import { z } from 'zod';
import { isPrivate } from '../../../platform/config/values.ts';

const provider = z.strictObject({
  id: z.string().regex(/^[a-z][a-z\d-]{0,30}$/, 'lower-case letters, digits and -, at most 31'),
  name: z.string().trim().min(1, 'what people call it').max(100),
  issuer: z
    .string()
    .refine(isPrivate, 'an https:// address; http:// for one on this machine only')
    .refine((issuer) => !issuer.includes('/.well-known/'), 'the issuer itself, without /.well-known/…'),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1).optional(),
  clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post']).default('client_secret_basic'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope without spaces'))
    .refine((scopes) => scopes.includes('openid'), 'one of them is openid')
    .default(['openid', 'email', 'profile']),
});

/** An OpenID provider to sign in by, as an operator configures it. */
export type IdentityProviderConfig = z.infer<typeof provider>;

const providers = z
  .array(provider)
  .max(20)
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'each has an id of its own');

/** `OIDC_PROVIDERS`, parsed and checked. Error messages never quote its text, which holds secrets. */
export const identityProviders = z
  .string()
  .default('[]')
  .transform((text, context): IdentityProviderConfig[] => {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      context.addIssue('not JSON: [{"id":"…","name":"…","issuer":"https://…","clientId":"…","clientSecret":"…"}]');
      return z.NEVER;
    }
    const parsed = providers.safeParse(given);
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues)
      context.addIssue(path.length > 0 ? `${path.join('.')}: ${message}` : message);
    return z.NEVER;
  });

/**
 * `SIGN_IN_REDIRECT_URIS`, parsed and checked. They are compared literally (RFC 9700, 2.1), so each must be in the form
 * that browsers write, without a query: the provider's answer alone stands behind the `?`.
 */
export const redirectUris = z
  .string()
  .default('')
  .transform((text, context): string[] => {
    const uris = text
      .split(',')
      .map((uri) => uri.trim())
      .filter(Boolean);
    for (const [index, uri] of uris.entries()) {
      const url = URL.parse(uri);
      if (!url || !isPrivate(uri)) context.addIssue(`${index}: an https:// address; http:// for this machine only`);
      else if (url.search || url.hash) context.addIssue(`${index}: without ? and #`);
      else if (url.href !== uri) context.addIssue(`${index}: as a browser writes it, with a path, if only /`);
    }
    return uris;
  });
