import { open, readFile, type FileHandle } from 'node:fs/promises';
import { GanTrainError } from '@gan-train/service';
import { systemCode, writeErrorFrom, writeFileAtomic } from './files.js';

/** One step's losses, as stored in gan_loss.csv. */
export interface LossRow {
  readonly step: number;
  readonly epoch: number;
  readonly dLoss: number;
  readonly gLoss: number;
  /** D's mean output on real items, after the sigmoid. */
  readonly dReal: number;
  /** D's mean output on generated items, after the sigmoid. */
  readonly dFake: number;
  readonly imagesPerSecond: number;
}

export const lossHeader = 'step,epoch,d_loss,g_loss,d_real,d_fake,images_per_second';
const newline = 0x0a;
/** No line is longer, so the last two of a file are in its last bytes. */
const maxLineBytes = 1024;

function lineOf(row: LossRow): string {
  const { step, epoch, dLoss, gLoss, dReal, dFake, imagesPerSecond } = row;
  return [step, epoch, dLoss, gLoss, dReal, dFake, imagesPerSecond].join(',') + '\n';
}

/** A line's row, or `undefined` for the header, an empty or a torn line. Numbers round-trip, NaN and Infinity too. */
function rowFromLine(line: string): LossRow | undefined {
  const fields = line.split(',');
  const [step, epoch, dLoss, gLoss, dReal, dFake, imagesPerSecond] = fields.map(Number);
  if (fields.length !== 7 || !Number.isSafeInteger(step) || fields.some((field) => field === ''))
    return undefined;
  return { step, epoch, dLoss, gLoss, dReal, dFake, imagesPerSecond } as LossRow;
}

/**
 * Appends rows in ascending order of step and syncs them. The file is made, with its header, if it isn't there; a torn
 * last line (the process died while it wrote) is cut off first. Rows of steps that are stored already are dropped, so
 * sending the same rows again is harmless: each step is in the file once.
 *
 * Returns the last step in the file. Throws `io` or `not_writable`; `internal` if the rows don't ascend.
 */
export async function appendLossRows(path: string, rows: readonly LossRow[]): Promise<number> {
  rows.forEach(({ step }, index) => {
    if (step <= (rows[index - 1]?.step ?? 0)) {
      throw new GanTrainError('internal', `loss rows don't ascend at step ${step}`);
    }
  });
  try {
    const handle = await open(path, 'a+');
    try {
      const { lastStep, endBytes, sizeBytes } = await readTail(handle, path);
      if (endBytes < sizeBytes) await handle.truncate(endBytes);
      const fresh = rows.filter(({ step }) => step > lastStep);
      const text = (endBytes === 0 ? `${lossHeader}\n` : '') + fresh.map(lineOf).join('');
      if (text !== '') await handle.writeFile(text);
      await handle.datasync();
      return fresh.at(-1)?.step ?? lastStep;
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw writeErrorFrom(thrown, path);
  }
}

/** All whole rows of the file, none if it isn't there. Throws `bad_data` for a line in the middle that is no row. */
export async function loadLossRows(path: string): Promise<LossRow[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return [];
    throw new GanTrainError(
      'io',
      `can't read ${path}: ${(thrown as Error).message}`,
      'check the disk',
      thrown,
    );
  }
  const lines = text.split('\n').slice(0, -1); // what follows the last newline is torn, or nothing
  if (lines.length > 0 && lines[0] !== lossHeader) {
    throw foreignFile(path);
  }
  return lines.slice(1).map((line, index) => {
    const row = rowFromLine(line);
    if (row) return row;
    throw new GanTrainError(
      'bad_data',
      `line ${index + 2} of ${path} is not a loss row`,
      'mend or remove it',
    );
  });
}

/** The last step that is stored whole, 0 if there is none. */
export async function lastLossStep(path: string): Promise<number> {
  return (await loadLossRows(path)).at(-1)?.step ?? 0;
}

/** Drops every row after `step`, in one move: what follows is computed again after a resume. */
export async function cutBackLossRows(path: string, step: number): Promise<void> {
  const kept = (await loadLossRows(path)).filter((row) => row.step <= step);
  await writeFileAtomic(path, `${lossHeader}\n${kept.map(lineOf).join('')}`);
}

/** Where the last whole line ends, and its step; reads the header and the last 2 KiB only. */
async function readTail(
  handle: FileHandle,
  path: string,
): Promise<{ lastStep: number; endBytes: number; sizeBytes: number }> {
  const { size: sizeBytes } = await handle.stat();
  const start = Math.max(0, sizeBytes - 2 * maxLineBytes);
  const tail = Buffer.alloc(sizeBytes - start);
  await handle.read(tail, 0, tail.length, start);
  const end = tail.lastIndexOf(newline) + 1;
  if (start + end === 0) return { lastStep: 0, endBytes: 0, sizeBytes };

  const head = Buffer.alloc(lossHeader.length + 1);
  await handle.read(head, 0, head.length, 0);
  if (head.toString('utf8') !== `${lossHeader}\n`) throw foreignFile(path);
  const lastLine = tail.subarray(0, end).toString('utf8').trimEnd().split('\n').at(-1) ?? '';
  const row = rowFromLine(lastLine);
  if (!row && lastLine !== lossHeader) throw foreignFile(path);
  return { lastStep: row?.step ?? 0, endBytes: start + end, sizeBytes };
}

function foreignFile(path: string): GanTrainError {
  return new GanTrainError('bad_data', `${path} is not a table of ${lossHeader}`, 'move the file away');
}
