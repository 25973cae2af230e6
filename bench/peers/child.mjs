// One run of one program: a child with a deadline, which does not outlive the runner.
import { spawn } from 'node:child_process';
import { clearTimeout, setTimeout } from 'node:timers';
import { largePages } from '@gan-train/cli';

/** Between asking a child's processes to end and ending them: gan-train ends its trainers and removes its run. */
const graceMs = 10_000;
const mostErrorCharacters = 2000;

/**
 * Runs a program to its end and returns the JSON object that is the last line of its output. Rejects when it fails,
 * takes longer than `deadlineMs`, or `signal` is aborted; the child is gone by then.
 *
 * A child's standard input is a pipe that is never written to: it ends when the pipe is closed, even by a SIGKILL of ours.
 */
export async function runProgram([command, ...args], { deadlineMs, signal }) {
  signal.throwIfAborted();
  // A group of its own: a peer's ranks are reached with it, and a terminal's Ctrl-C reaches it through us only.
  // For all what gan-train sets for its own processes: PyTorch gains by it.
  const env = { ...largePages, ...process.env };
  const child = spawn(command, args, { detached: true, stdio: 'pipe', env });
  const killGroup = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // It is gone.
    }
  };
  const killAtOnce = () => killGroup('SIGKILL');
  const timers = [];
  let ended;
  const end = (why) => {
    ended ??= why;
    killGroup('SIGTERM');
    timers.push(setTimeout(killAtOnce, graceMs));
  };
  const onAbort = () => end('interrupted');
  timers.push(setTimeout(() => end(`not done after ${deadlineMs / 1000} s`), deadlineMs));
  signal.addEventListener('abort', onAbort, { once: true });
  process.once('exit', killAtOnce);
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr
    .setEncoding('utf8')
    .on('data', (text) => (errors = (errors + text).slice(-mostErrorCharacters)));
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, by) => resolve(status ?? by));
    });
    if (ended !== undefined) throw new Error(ended);
    if (code !== 0) throw new Error(`ended with ${code}: ${errors.trim()}`);
    return JSON.parse(output.trim().split('\n').at(-1));
  } finally {
    timers.forEach(clearTimeout);
    signal.removeEventListener('abort', onAbort);
    process.removeListener('exit', killAtOnce);
  }
}
