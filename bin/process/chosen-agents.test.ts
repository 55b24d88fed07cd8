import { expect, test } from '@jest/globals';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { type Choice, choiceIn, chosenAgents } from './chosen-agents.ts';

const agents = [
  { name: 'order', area: 'commerce' },
  { name: 'inventory', area: 'commerce' },
  { name: 'identity', area: 'system' },
  { name: 'orchestration', area: 'system' },
] as AgentDefinition[];
const chosen = (choice: Choice): string[] => chosenAgents(agents, choice).map(({ name }) => name);

test('agents are chosen by name, by area, or all, each once', () => {
  expect(chosen({ names: ['inventory'], areas: ['commerce', 'commerce'] })).toEqual(['order', 'inventory']);
  expect(chosen({ all: true, except: ['order'] })).toEqual(['inventory', 'identity', 'orchestration']);
  expect(chosen({ areas: ['system'], except: ['orchestration'] })).toEqual(['identity']);
});

test('a command line says which', () => {
  expect(chosen(choiceIn(['inventory', 'identity']))).toEqual(['inventory', 'identity']);
  expect(chosen(choiceIn(['--area', 'system', '--except', 'orchestration']))).toEqual(['identity']);
  expect(chosen(choiceIn(['--all', '--except', 'order']))).toHaveLength(3);
  expect(() => choiceIn(['--aera', 'system'])).toThrow('--aera');
});

test.each([
  [{ names: ['odrer'] }, 'There is no agent odrer'],
  [{ areas: ['comerce'] }, 'There is no area comerce'],
  [{ all: true, except: ['nobody'] }, 'There is no agent nobody'],
  [{}, 'Say which agents to run'],
  [{ names: ['order'], except: ['order'] }, 'Say which agents to run'],
])('%j is refused, with the agents and areas that there are', (choice, what) => {
  expect(() => chosen(choice)).toThrow(what);
  expect(() => chosen(choice)).toThrow('commerce (order, inventory) and system (identity, orchestration)');
});
