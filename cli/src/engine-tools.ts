import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { GanTrainError } from '@gan-train/service';

/** The programs that make an engine. */
const tools = ['npm', 'python3', 'g++'] as const;
export type Tool = (typeof tools)[number];

const mostOutputLines = 20;

export interface ToolOptions {
  cwd: string;
  /** Over this process' own. */
  env?: Record<string, string>;
  signal: AbortSignal;
}

/** npm is beside its Node, which need not be on the PATH. */
const foldersFor = (tool?: Tool): string[] => {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return tool === undefined || tool === 'npm' ? [...folders, dirname(process.execPath)] : folders;
};

/** Throws `engine_missing`, naming all programs that are not there at once. */
export function requireTools(): void {
  const missing: string[] = tools.filter((tool) => !isOnPath(tool));
  const hasPip = (): boolean => spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
  if (!missing.includes('python3') && !hasPip()) missing.push("python3's pip");
  if (missing.length === 0) return;
  const names = missing.join(', ');
  throw new GanTrainError(
    'engine_missing',
    `making an engine needs ${names}, which ${missing.length === 1 ? 'is' : 'are'} not installed`,
    'install what is missing (on Debian and Ubuntu: apt-get install g++ python3-pip)',
  );
}

function isOnPath(tool: Tool): boolean {
  return foldersFor(tool).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Runs a program to its end. Throws `io` with the end of its output on standard error when it fails, and the signal's reason
 * when that aborts; the program and all that it started are gone then.
 */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  { cwd, env = {}, signal }: ToolOptions,
): Promise<void> {
  signal.throwIfAborted();
  // A process group of its own: what a program starts ends with it.
  const child = spawn(tool, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: foldersFor().join(delimiter), ...env },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const end = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
  signal.addEventListener('abort', end, { once: true });
  const failure = await new Promise<string | undefined>((settle) => {
    child.on('error', (error) => settle(error.message));
    child.on('close', (code, killer) => settle(code === 0 ? undefined : `it ended with ${code ?? killer}`));
  });
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (failure === undefined) return;
  const lines = output.join('').trimEnd().split('\n').slice(-mostOutputLines);
  process.stderr.write(`${lines.join('\n')}\n`);
  throw new GanTrainError('io', `${tool} failed: ${failure}`, 'its output above says why');
}
