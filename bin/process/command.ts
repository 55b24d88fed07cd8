/**
 * Runs a command that says what it does, a line at a time; one that fails says why, and exits with 1. It ends when its
 * work does, also where a library has left a timer or a connection behind.
 */
export async function runCommand(
  failed: string,
  command: (say: (line: string) => void) => Promise<void>,
): Promise<void> {
  try {
    await command((line) => console.log(line));
  } catch (error) {
    console.error(`${failed}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
  process.exit();
}
