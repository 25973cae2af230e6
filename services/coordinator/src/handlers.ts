import { loadLossRows } from '@gan-train/checkpoint';
import type { DataSet } from '@gan-train/data';
import { chunkBytes, encodeChunk, type Event, type RunInfo } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { Run } from './run.js';

const mostIndices = 1_000_000;

export function requireRun(run: Run, runId: string): void {
  const own = run.context.directory.record.runId;
  if (runId !== own) throw new GanTrainError('fenced', `run ${runId} is not here; this is ${own}`);
}

/** For calls that may leave out which run they mean. */
export function requireRunIfGiven(run: Run, runId: string): void {
  if (runId !== '') requireRun(run, runId);
}

/** What a person wants to know of a run first; `step` is how far it is in the caller's sense. */
export function infoOfRun({ context, isOver }: Run, step: number): RunInfo {
  const { directory, config, data, steps } = context;
  const { runId, status } = directory.record;
  return {
    runId,
    directory: directory.path,
    step,
    steps,
    items: data.count,
    batch: config.batch,
    // The record still says how the run ended that goes on now.
    status: isOver ? status : 'running',
    weightsHash: directory.checkpoint?.manifest.weightsHash ?? '',
  };
}

/** Coordinator.FetchItems: the items' bytes in the order asked for, in chunks. */
export async function* fetchItems(
  run: Run,
  request: { runId: string; indices: number[] },
): AsyncGenerator<Buffer, void, void> {
  requireRun(run, request.runId);
  const { data, metrics } = run.context;
  const bad = request.indices.find((index) => index >= data.count);
  if (bad !== undefined || request.indices.length > mostIndices) {
    throw new GanTrainError('protocol', `items ${bad ?? ''} of ${data.count} cannot be sent`);
  }
  yield* chunksOfItems(data, request.indices);
  metrics.itemsSent(request.indices.length);
}

async function* chunksOfItems(data: DataSet, indices: readonly number[]): AsyncGenerator<Buffer, void, void> {
  const perChunk = Math.max(1, Math.floor(chunkBytes / data.itemBytes));
  let offset = 0;
  for (let at = 0; at < indices.length; at += perChunk) {
    const bytes = await data.readItems(Uint32Array.from(indices.slice(at, at + perChunk)));
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      const piece = bytes.subarray(from, from + chunkBytes);
      yield encodeChunk(offset, piece);
      offset += piece.length;
    }
  }
}

/** Skipped images that a watcher is told of; data-manifest.json has all. */
const mostNamed = 10;

/** What a person should know of how this run was opened. */
function notesOf({ directory, data }: Run['context']): string[] {
  const { skipped } = data.manifest;
  const named = skipped.slice(0, mostNamed).map(({ name, reason }) => `image skipped: ${name} (${reason})`);
  const more = skipped.length - named.length;
  return [
    ...directory.passedOver.map((reason) => `checkpoint passed over: ${reason}`),
    ...named,
    ...(more > 0 ? [`${more} more images skipped: data-manifest.json lists them`] : []),
  ];
}

/**
 * Coordinator.Watch: what is, then what happens; with `afterStep` also the rows after it that are there already. Of a run that is
 * over the last event comes again.
 */
export async function* watch(
  run: Run,
  request: { runId: string; afterStep: number },
  signal: AbortSignal,
): AsyncGenerator<Event, void, void> {
  requireRunIfGiven(run, request.runId);
  const { directory, events } = run.context;
  const happening = events.watch(signal);
  // Starts listening before the first event is sent, so that none falls between.
  const first = happening.next();
  yield { time: Date.now() / 1000, run: infoOfRun(run, directory.record.step) };
  yield { time: Date.now() / 1000, wanted: { trainers: run.core.view.wanted } };
  const generation = events.recent().findLast((event) => event.generation);
  if (generation !== undefined) yield generation;
  for (const message of notesOf(run.context)) yield { time: Date.now() / 1000, note: { message } };
  let shown = request.afterStep;
  if (shown > 0) {
    for (const row of await loadLossRows(directory.file('gan_loss.csv'))) {
      if (row.step <= shown) continue;
      shown = row.step;
      yield { time: Date.now() / 1000, row };
    }
  }
  const last = events.recent().findLast((event) => event.finished ?? event.failed);
  if (last !== undefined) {
    yield last;
    return;
  }
  for (let next = await first; next.done !== true; next = await happening.next()) {
    // It was stored while the others were being read.
    if (next.value.row && Number(next.value.row.step) <= shown) continue;
    if (next.value.generation) shown = 0;
    yield next.value;
  }
}
