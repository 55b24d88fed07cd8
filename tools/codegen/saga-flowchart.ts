import type { SagaBranch, SagaDefinition, SagaStep } from '../../platform/sagas/define-saga.ts';

type Step = SagaStep<unknown, unknown> | SagaBranch<unknown, unknown>;

/** A stage on the way forward: one step, or branches. */
interface Stage {
  /** Its first and its last node, and the condition on which it runs. */
  entry: string;
  exit: string;
  condition?: string;
  lines: string[];
  steps: { id: string; step: Step }[];
  isPivot: boolean;
}

/** A saga as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html). */
export function flowchart(saga: SagaDefinition): string {
  const stages = saga.steps.map((step, index) => stageOf(step, `s${index}`));
  const lines = ['flowchart TD', `  begin([${text(saga.name)}]) --> ${stages[0]!.entry}`];
  for (const [index, { entry, exit, condition, lines: own }] of stages.entries()) {
    const next = stages[index + 1]?.entry ?? 'completed';
    lines.push(...own, `  ${exit} --> ${next}`);
    if (condition) lines.push(`  ${entry} -->|no| ${next}`);
  }
  lines.push('  completed([COMPLETED])', ...wayBack(saga, stages));
  return lines.join('\n');
}

function stageOf(step: SagaDefinition['steps'][number], id: string): Stage {
  if (step.branches) {
    const steps = step.branches.map((branch, index) => ({ id: `${id}_${index}`, step: branch }));
    const lines = [`  ${id}(( ))`, `  ${id}_end(( ))`];
    for (const { id: branchId, step: branch } of steps) {
      const only = branch.when ? `|"${conditionOf(branch.when)}"| ` : ' ';
      lines.push(node(branchId, branch), `  ${id} -->${only}${branchId}`, `  ${branchId} --> ${id}_end`);
    }
    return { entry: id, exit: `${id}_end`, lines, steps, isPivot: false };
  }
  const lines = [node(id, step)];
  let entry = id;
  if (step.waitsFor) {
    lines.unshift(`  ${id}_wait>"waits for: ${text(step.waitsFor.topic)}"]`, `  ${id}_wait --> ${entry}`);
    entry = `${id}_wait`;
  }
  const condition = step.when && conditionOf(step.when);
  if (condition) {
    lines.unshift(`  ${id}_if{"${condition}"}`, `  ${id}_if -->|yes| ${entry}`);
    entry = `${id}_if`;
  }
  return { entry, exit: id, condition, lines, steps: [{ id, step }], isPivot: step.pivot === true };
}

/** The compensation: what is undone when a step is refused, in reverse, and the last step. */
function wayBack({ whenRefused }: SagaDefinition, stages: readonly Stage[]): string[] {
  if (!whenRefused) return [];
  const pivot = stages.findIndex((stage) => stage.isPivot);
  const refusable = pivot < 0 ? stages : stages.slice(0, pivot + 1);
  const lines = [`  last["${label(whenRefused)}"] --> compensated([COMPENSATED])`];
  let before = 'last';
  for (const { steps } of refusable) {
    for (const { id, step } of steps) {
      if (!step.undo) continue;
      lines.push(`  ${id}_undo["undo ${label(step)}"] --> ${before}`);
      before = `${id}_undo`;
    }
    // Branches are settled before anything is undone: all of them may have been done.
    for (const { id } of steps) lines.push(`  ${id} -. refused .-> ${before}`);
  }
  return lines;
}

function node(id: string, step: Step): string {
  if ('pivot' in step && step.pivot) return `  ${id}[["${label(step)}"]]`;
  return step.saga ? `  ${id}(["${label(step)}"])` : `  ${id}["${label(step)}"]`;
}

const label = ({ name, agent, saga }: Pick<Step, 'name' | 'agent' | 'saga'>): string =>
  `${text(name)}<br/>${saga ? `saga ${text(saga.name)}` : text(agent)}`;

/** A condition in its own words: `(state) => state.payment === 'X'` without the arrow. */
const conditionOf = (when: NonNullable<Step['when']>): string =>
  text(
    String(when)
      .replace(/^.*?=>\s*/s, '')
      .replace(/\s+/g, ' '),
  );

const text = (plain: string): string => plain.replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;');
