import { type Board, rate } from './grafana.ts';

/** Dashboard of refused access. */
export const securityMonitoring: Board = {
  uid: 'agora-security-monitoring',
  title: 'Security Monitoring',
  description: 'Failed sign-ins, tokens that are not good, denials, and signatures that do not hold.',
  panels: [
    {
      title: 'Sign-ins',
      unit: 'ops',
      says: 'Accepted and refused. Many refused ones are a sign of password guessing.',
      shows: [[`sum by (method, outcome) (${rate('agora_sign_ins_total')})`, '{{method}} {{outcome}}']],
    },
    {
      title: 'Tokens refused',
      unit: 'ops',
      says: 'Forged, expired, or of an ended session.',
      shows: [[`sum by (transport) (${rate('agora_tokens_refused_total')})`, '{{transport}}']],
    },
    {
      title: 'Access tokens by key',
      unit: 'ops',
      says: 'Those that were good. A key that signs no more can be taken out of TOKEN_KEY when none of its tokens comes any more.',
      shows: [[`sum by (key) (${rate('agora_tokens_verified_total')})`, '{{key}}']],
    },
    {
      title: 'Denials',
      unit: 'ops',
      says: 'Selections that the gate denied, to people who are signed in and to others.',
      shows: [[`sum by (caller) (${rate('agora_denials_total')})`, '{{caller}}']],
    },
    {
      title: 'Signatures refused',
      limits: [1, 1],
      says: 'In the last hour. Each is worth a look: a writer has bypassed Agora, or a key is missing.',
      as: 'stat',
      shows: [['sum by (what) (increase(agora_signatures_refused_total[1h]))', '{{what}}']],
    },
    {
      title: 'Operations refused for who asked',
      unit: 'ops',
      says: 'By operation.',
      shows: [
        [
          `topk(8, sum by (operation, code) (${rate('agora_graphql_errors_total{code=~"FORBIDDEN|UNAUTHENTICATED"}')}))`,
          '{{operation}} {{code}}',
        ],
      ],
    },
    {
      title: 'HTTP refusals',
      unit: 'reqps',
      says: 'Answers 401, 403, 413, 415 and 429.',
      shows: [[`sum by (status) (${rate('agora_http_requests_total{status=~"401|403|413|415|429"}')})`, '{{status}}']],
    },
    {
      title: 'Not executed',
      unit: 'ops',
      says: 'Requests that were not parsed, not valid or too large: a sign of probing.',
      shows: [[`sum by (code) (${rate('agora_graphql_rejected_total')})`, '{{code}}']],
    },
  ],
};
