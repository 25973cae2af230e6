import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendLossRows, cutBackLossRows, lastLossStep, loadLossRows, type LossRow } from './loss-csv.js';
import { temporaryFolder } from './testing.js';

const rowOf = (step: number): LossRow => ({
  step,
  epoch: 1,
  dLoss: Math.fround(0.7 / step),
  gLoss: 1e-9,
  dReal: 0.5,
  dFake: 0.25,
  imagesPerSecond: 123.5,
});
const rowsOf = (...steps: number[]): LossRow[] => steps.map(rowOf);
const csvIn = async (): Promise<string> => join(await temporaryFolder(), 'gan_loss.csv');
const stepsIn = async (path: string): Promise<number[]> => (await loadLossRows(path)).map(({ step }) => step);

describe('gan_loss.csv', () => {
  it('is a header and a line a step', async () => {
    const path = await csvIn();
    expect(await appendLossRows(path, rowsOf(1))).toBe(1);
    expect(await appendLossRows(path, rowsOf(2))).toBe(2);
    expect(await readFile(path, 'utf8')).toBe(
      'step,epoch,d_loss,g_loss,d_real,d_fake,images_per_second\n' +
        '1,1,0.699999988079071,1e-9,0.5,0.25,123.5\n2,1,0.3499999940395355,1e-9,0.5,0.25,123.5\n',
    );
    expect(await loadLossRows(path)).toEqual(rowsOf(1, 2));
  });

  it('keeps numbers that are not finite', async () => {
    const path = await csvIn();
    const row = { ...rowOf(1), dLoss: NaN, gLoss: Infinity };
    await appendLossRows(path, [row]);
    expect(await loadLossRows(path)).toEqual([row]);
  });

  it('holds each step once, however often its row is sent', async () => {
    const path = await csvIn();
    await appendLossRows(path, rowsOf(1, 2, 3));
    expect(await appendLossRows(path, rowsOf(2, 3, 4))).toBe(4);
    expect(await appendLossRows(path, rowsOf(1, 4))).toBe(4);
    expect(await appendLossRows(path, [])).toBe(4);
    expect(await stepsIn(path)).toEqual([1, 2, 3, 4]);
  });

  it('finds the last step of a long file', async () => {
    const path = await csvIn();
    await appendLossRows(
      path,
      Array.from({ length: 500 }, (_, index) => rowOf(index + 1)),
    );
    expect(await appendLossRows(path, rowsOf(500, 501))).toBe(501);
    expect(await stepsIn(path)).toEqual(Array.from({ length: 501 }, (_, index) => index + 1));
  });

  it('drops a torn last line, wherever it was torn', async () => {
    const whole = await csvIn();
    await appendLossRows(whole, rowsOf(1, 2));
    const text = await readFile(whole, 'utf8');
    for (let length = 0; length < text.length; length++) {
      const path = await csvIn();
      await writeFile(path, text.slice(0, length));
      const kept = text.slice(0, length).split('\n').length - 2;
      expect(await lastLossStep(path), `cut at ${length}`).toBe(Math.max(0, kept));
      await appendLossRows(path, rowsOf(1, 2));
      expect(await readFile(path, 'utf8'), `cut at ${length}`).toBe(text);
    }
  });

  it('is cut back to a step in one move', async () => {
    const path = await csvIn();
    await appendLossRows(path, rowsOf(1, 2, 3, 4));
    await appendFile(path, '5,1,0.');
    await cutBackLossRows(path, 2);
    expect(await stepsIn(path)).toEqual([1, 2]);
    expect(await appendLossRows(path, rowsOf(3))).toBe(3);
    expect(await stepsIn(path)).toEqual([1, 2, 3]);
    expect(await readdir(dirname(path))).toEqual(['gan_loss.csv']);
  });

  it('has no rows where there is no file, and is made by cutting back', async () => {
    const path = await csvIn();
    expect(await lastLossStep(path)).toBe(0);
    await cutBackLossRows(path, 10);
    expect(await stepsIn(path)).toEqual([]);
  });

  it('refuses rows that do not ascend, and a file that is another', async () => {
    const path = await csvIn();
    await expect(appendLossRows(path, rowsOf(2, 1))).rejects.toThrow("don't ascend at step 1");
    await writeFile(path, 'a,b\n1,2\n');
    await expect(loadLossRows(path)).rejects.toMatchObject({ code: 'bad_data' });
    await expect(appendLossRows(path, rowsOf(1))).rejects.toMatchObject({ code: 'bad_data' });
    expect(await readFile(path, 'utf8')).toBe('a,b\n1,2\n');
    await writeFile(path, 'step,epoch,d_loss,g_loss,d_real,d_fake,images_per_second\n1,x\n');
    await expect(loadLossRows(path)).rejects.toThrow('line 2 of');
  });
});
