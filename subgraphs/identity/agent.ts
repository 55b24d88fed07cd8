import { defineAgent } from '../../platform/agent/define-agent.ts';
import { variables } from './config.ts';
import { identityDemo } from './demo.ts';
import { entities } from './entities.ts';
import { emits } from './events.ts';
import { forgetExpired } from './sessions/forget-expired.ts';
import { identityLoaders } from './loaders.ts';
import { identityQueries } from './queries.ts';
import { identityResolvers } from './resolvers.ts';
import { resealSecondFactors } from './second-factor/reseal.ts';
import { identityService } from './service.ts';

const KNOWN = 'Users know the name from before rooms declared their variables.';

export default defineAgent({
  name: 'identity',
  area: 'system',
  title: 'Identity',
  description: 'Knows who somebody is: users, their sessions and tokens, and the roles that say what they may do.',
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
    return {
      resolvers: identityResolvers({
        queries,
        load: identityLoaders(queries),
        service: identityService(agentContext),
        clock: agentContext.clock,
      }),
      scheduledJobs: [forgetExpired(agentContext), resealSecondFactors(agentContext)],
      demo: { after: [], load: identityDemo(agentContext.store) },
    };
  },
});
