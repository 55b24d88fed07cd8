/**
 * Runs a command that reports what it does, a line at a time; a failure is reported with its reason, and exits with 1.
 * The process ends with the command's work, also where a library has left a timer or a connection open.
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
