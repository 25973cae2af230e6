import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ToolResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

const longestMs = 900_000;

/** Runs a program to its end, whatever that is. */
export async function attempt(file: string, args: readonly string[], input = ''): Promise<ToolResult> {
  const child = spawn(file, args, { stdio: 'pipe', timeout: longestMs, killSignal: 'SIGKILL' });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** What a program prints. Throws, with all that it said, when it fails. */
export async function output(file: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await attempt(file, args);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: ${code}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** What `npm run test:kind` says. */
function given(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: run npm run test:kind`);
  return value;
}

export const imageTag = (): string => given('GAN_TRAIN_IMAGE_TAG');
export const referenceDirectory = (): string => given('GAN_TRAIN_REFERENCE');

export const kubectl = async (...args: string[]): Promise<string> => output(given('KUBECTL'), ...args);
export const attemptKubectl = async (args: readonly string[], input?: string): Promise<ToolResult> =>
  attempt(given('KUBECTL'), args, input);
export const helm = async (...args: string[]): Promise<string> => output(given('HELM4'), ...args);
export const helm3 = async (...args: string[]): Promise<string> => output(given('HELM3'), ...args);
export const docker = async (...args: string[]): Promise<string> => output('docker', ...args);
