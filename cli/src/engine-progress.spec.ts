import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createStepReporter } from './engine-progress.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function outputOf(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const stream = { isTTY, write: (more: string) => (text += more) } as unknown as NodeJS.WriteStream;
  return { stream, text: () => text };
}

it('is a line a step where nobody watches', () => {
  const { stream, text } = outputOf(false);
  const reporter = createStepReporter(stream);
  reporter.step('first');
  vi.advanceTimersByTime(5000);
  reporter.step('second');
  reporter.close();
  expect(text()).toBe('  first\n  second\n');
});

it('counts seconds and what was downloaded in a terminal, and stops when it is closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gan-train-progress-'));
  await writeFile(join(folder, 'wheel'), new Uint8Array(3_000_000));
  const { stream, text } = outputOf(true);
  const reporter = createStepReporter(stream);
  reporter.step('wheel from PyPI', folder);
  vi.advanceTimersByTime(2000);
  reporter.close();
  const atTheEnd = text();
  vi.advanceTimersByTime(5000);
  await rm(folder, { recursive: true });
  expect(text()).toBe(atTheEnd);
  const lines = atTheEnd.split('\r\u001b[K');
  expect(lines).toContain('  wheel from PyPI: 2 s, 3 MB');
  expect(lines.at(-1)).toBe('  wheel from PyPI: 2 s, 3 MB\n');
});
