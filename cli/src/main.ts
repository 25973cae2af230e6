import { runMain } from '@gan-train/service';
import { createProgram } from './program.js';

/** The gan-train command: parses, runs, and leaves with the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  await runMain(async (signal) => {
    let exitCode = 0;
    const program = createProgram(signal, (code) => (exitCode = code));
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  });
}
