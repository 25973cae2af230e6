import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { createProcessLog } from './process-log.js';

it('keeps lines while the disk takes them, and never lets anybody wait for it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gan-train-log-'));
  onTestFinished(async () => rm(dir, { recursive: true }));
  const path = join(dir, 'trainer-0.log');
  const notes: string[] = [];
  const log = createProcessLog(path, (note) => notes.push(note));
  const say = async (text: string): Promise<void> => {
    const process = Readable.from([Buffer.from(text)]);
    process.pipe(log, { end: false });
    await once(process, 'end');
    await new Promise<void>((resolve) => log.write('', () => resolve()));
  };
  await say('one\n');
  await rm(path);
  await mkdir(path);
  await say('two\n');
  await say('three\n');
  expect(notes).toEqual([expect.stringMatching(/^lines are missing from .*trainer-0\.log: EISDIR/)]);
  await rm(path, { recursive: true });
  await say('four\n');
  expect(await readFile(path, 'utf8')).toBe('four\n');
  expect(notes).toHaveLength(1);
});
