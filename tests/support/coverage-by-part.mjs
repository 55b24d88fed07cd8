/** A reporter for istanbul: how much of each part of the house the tests have run, a line each. */
const SHOWN = ['lines', 'statements', 'functions', 'branches'];

class CoverageByPart {
  execute(context) {
    const writer = context.writer.writeFile(null);
    for (const part of context.getTree('nested').getRoot().getChildren()) {
      const summary = part.getCoverageSummary();
      const figures = SHOWN.map((name) => `${name} ${summary[name].pct} %`.padEnd(20));
      writer.println(`${part.getRelativeName().padEnd(12)}${figures.join('')}`.trimEnd());
    }
    writer.close();
  }
}

// istanbul loads its reporters by require().
export { CoverageByPart as 'module.exports' };
