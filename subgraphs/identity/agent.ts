import { defineAgent } from '../../platform/agent/define-agent.ts';
import { apiKeyResolvers } from './api-keys/resolvers.ts';
import { auditResolvers } from './audit/resolvers.ts';
import { variables } from './config.ts';
import { identityDemo } from './demo.ts';
import { entities } from './entities.ts';
import { emits } from './events.ts';
import { identityLoaders } from './loaders.ts';
import { identityParts } from './parts.ts';
import { providerResolvers } from './providers/resolvers.ts';
import { identityQueries } from './queries.ts';
import { recoveryResolvers } from './recovery/resolvers.ts';
import { identityResolvers } from './resolvers.ts';
import { resealSecondFactors } from './second-factor/reseal.ts';
import { secondFactorResolvers } from './second-factor/resolvers.ts';
import { identityService } from './service.ts';
import { forgetExpired } from './sessions/forget-expired.ts';
import { sessionResolvers } from './sessions/resolvers.ts';
import { signInResolvers } from './sign-in/resolvers.ts';

const KNOWN = 'Users know the name from before rooms declared their variables.';

export default defineAgent({
  name: 'identity',
  area: 'system',
  title: 'Identity',
  description: 'Authenticates users: their accounts, sessions and tokens, and the roles that decide what they may do.',
  skills: [
    { id: 'sign-in', name: 'Sign in', description: 'Signs users up, in and out, and keeps their sessions fresh.' },
    { id: 'give-roles', name: 'Give roles', description: 'Shows users to administrators and changes their roles.' },
  ],
  at: import.meta.url,
  entities,
  config: variables,
  configExceptions: {
    REFRESH_TOKEN_SECONDS: KNOWN,
    REFRESH_GRACE_SECONDS: KNOWN,
    TOTP_ISSUER: KNOWN,
    OIDC_PROVIDERS: KNOWN,
    SIGN_IN_REDIRECT_URIS: KNOWN,
  },
  emits,
  build(agentContext) {
    const queries = identityQueries(agentContext.store.read);
    const parts = identityParts(agentContext);
    return {
      resolvers: [
        identityResolvers({ queries, load: identityLoaders(queries), service: identityService(agentContext, parts) }),
        signInResolvers(agentContext, parts),
        sessionResolvers(agentContext, parts),
        apiKeyResolvers(agentContext, parts),
        recoveryResolvers(agentContext, parts),
        secondFactorResolvers(agentContext, parts),
        providerResolvers(agentContext, parts),
        auditResolvers(agentContext),
      ],
      scheduledJobs: [forgetExpired(agentContext), resealSecondFactors(agentContext)],
      demo: { after: [], load: identityDemo(agentContext.store) },
    };
  },
});
