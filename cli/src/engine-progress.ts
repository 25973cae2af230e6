import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Says what is being done: a line that counts in a terminal, else a line when a step begins. */
export interface StepReporter {
  step: (what: string, downloads?: string) => void;
  /** Ends the last step; to be called whatever happens. */
  close: () => void;
}

const tickMs = 500;

export function createStepReporter(output: NodeJS.WriteStream): StepReporter {
  let current: { what: string; downloads: string | undefined; startedMs: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const line = (): string => {
    if (current === undefined) return '';
    const { what, downloads, startedMs } = current;
    const bytes = downloads === undefined ? 0 : bytesIn(downloads);
    const size = bytes < 1e6 ? '' : `, ${(bytes / 1e6).toFixed(0)} MB`;
    return `  ${what}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s${size}`;
  };
  const draw = (): void => void (output.isTTY && output.write(`\r\u001b[K${line()}`));
  const end = (): void => {
    clearInterval(timer);
    if (current === undefined || !output.isTTY) return;
    draw();
    output.write('\n');
  };
  return {
    step(what, downloads) {
      end();
      current = { what, downloads, startedMs: performance.now() };
      if (!output.isTTY) output.write(`  ${what}\n`);
      else timer = setInterval(draw, tickMs);
      draw();
    },
    close() {
      end();
      current = undefined;
    },
  };
}

/** Files come and go while it is looked. */
function bytesIn(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true })
      .map((name) => statSync(join(folder, String(name)), { throwIfNoEntry: false }))
      .reduce((sum, stats) => sum + (stats?.isFile() === true ? stats.size : 0), 0);
  } catch {
    return 0;
  }
}
