import type { AgentDefinition } from './define-agent.ts';

/** Version of the card's content. */
const VERSION = '0.1.0';

/**
 * The skills of all agents, as an AgentCard of A2A 1.0 (https://a2a-protocol.org/v1.0.1/specification/, 4.4.1), for
 * discovery by programs. We speak GraphQL and none of A2A's own bindings, and the card says so:
 * `protocolBinding` is an open name. There is no `url` at the top any more since 1.0.
 */
export function agentCard(agents: readonly Pick<AgentDefinition, 'name' | 'area' | 'skills'>[], url: string): object {
  const base = url.replace(/\/$/, '');
  return {
    name: 'Agora',
    description: 'A commerce platform of many agents behind one federated GraphQL API.',
    version: VERSION,
    supportedInterfaces: [{ url: `${base}/graphql`, protocolBinding: 'GRAPHQL', protocolVersion: '1.0' }],
    provider: { organization: 'Agora', url: base },
    capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false },
    securitySchemes: {
      bearer: {
        httpAuthSecurityScheme: {
          scheme: 'Bearer',
          bearerFormat: 'JWT',
          description: 'The access token that `signIn` gives. What is public needs none.',
        },
      },
    },
    defaultInputModes: ['application/json'],
    defaultOutputModes: ['application/json'],
    skills: agents.flatMap((agent) =>
      agent.skills.map(({ id, name, description }) => ({
        // Two agents may have skills with the same id.
        id: `${agent.name}.${id}`,
        name,
        description,
        tags: [agent.name, agent.area],
      })),
    ),
  };
}
