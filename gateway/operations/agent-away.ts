import { Unavailable } from '../../platform/errors.ts';

/** An agent that gave no answer. Clients read its message: it names the agent, but not its address. */
export class AgentAway extends Unavailable {
  readonly agent: string;

  constructor(agent: string, options: ErrorOptions = {}) {
    super(`The agent ${agent} did not answer.`, options);
    this.agent = agent;
  }
}
