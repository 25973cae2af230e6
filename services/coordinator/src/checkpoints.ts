import { join } from 'node:path';
import type { ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import {
  createCheckpointWriter,
  loadSafetensors,
  nameOfStep,
  pruneCheckpoints,
  stateFile,
  verifyCheckpoint,
  type CheckpointInfo,
  type NamedTensor,
} from '@gan-train/checkpoint';
import {
  chunkBytes,
  completeStep,
  elementsOfShape,
  isSameGeneration,
  nameOfGeneration,
  noGeneration,
  sizeOfTensors,
  statusFromError,
  tripleFromMessage,
  type CheckpointHeader,
  type CheckpointPiece,
  type GenerationId,
  type GridHeader,
  type Position,
  type Triple,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { FileJobs } from './file-jobs.js';
import { requireRun } from './handlers.js';
import { kerasFiles } from './keras-files.js';
import type { Run } from './run.js';

/** Largest state or grid that is taken: above any model that fits a trainer, below what would fill a disk by mistake. */
const mostBytes = 64 * 1024 ** 3;

/** Where the bytes of an upload go. */
interface Target<Reply> {
  sizeBytes: number;
  /** The run waits for it, and can't end well without it. */
  isFinal?: boolean;
  write(bytes: Uint8Array): Promise<void>;
  finish(): Promise<Reply>;
  abort(): Promise<void>;
}

/** Keeps an upload in memory, for `finish` to do something with it as a whole. */
function collect<Reply>(
  sizeBytes: number,
  finish: (bytes: Uint8Array<ArrayBuffer>) => Promise<Reply>,
): Target<Reply> {
  const bytes = new Uint8Array(sizeBytes);
  let received = 0;
  return {
    sizeBytes,
    write: async (piece) => {
      bytes.set(piece, received);
      received += piece.length;
      return Promise.resolve();
    },
    finish: async () => finish(bytes),
    abort: async () => Promise.resolve(),
  };
}

/** A stream of a header and bytes: `open` gets the header, and says what to do with the bytes and at the end. */
function receive<Header, Reply>(run: Run, begin: (header: Header) => Promise<Target<Reply>>) {
  return (
    call: ServerReadableStream<{ header?: Header | null; data?: Buffer | null }, Reply>,
    done: sendUnaryData<Reply>,
  ): void => {
    void (async () => {
      let target: Target<Reply> | undefined;
      let received = 0;
      try {
        for await (const piece of call as AsyncIterable<{ header?: Header | null; data?: Buffer | null }>) {
          if (piece.header) {
            if (target !== undefined) throw new GanTrainError('protocol', 'a second header came');
            target = await begin(piece.header);
          } else if (piece.data) {
            if (target === undefined) throw new GanTrainError('protocol', 'bytes came before the header');
            received += piece.data.length;
            if (received > target.sizeBytes)
              throw new GanTrainError('protocol', 'more bytes came than were announced');
            await target.write(piece.data);
          }
        }
        const announced = target?.sizeBytes ?? 0;
        if (call.cancelled) {
          const what = `an upload broke off after ${received} of ${announced} bytes`;
          throw new GanTrainError('cancelled', what);
        }
        if (target === undefined || received !== announced)
          throw new GanTrainError('protocol', `${received} of ${announced} bytes came`);
        done(null, await target.finish());
      } catch (thrown) {
        await target?.abort();
        const error = GanTrainError.from(thrown);
        // Whoever sent it sends it again, where it is still wanted.
        if (error.code === 'fenced' || error.code === 'cancelled')
          run.context.log.info({ reason: error.what }, 'not stored');
        else {
          run.context.metrics.notStored(error.code);
          run.context.log.error({ err: error }, 'not stored');
          // What can't be written won't be.
          if (target?.isFinal === true && (error.code === 'io' || error.code === 'not_writable'))
            await run.handle({ kind: 'finalNotStored', code: error.code, reason: error.message });
        }
        done(statusFromError(error));
      }
    })();
  };
}

/** A message of an older generation or another run changes nothing. */
function fence(run: Run, header: { runId: string; generation: GenerationId | null }): void {
  requireRun(run, header.runId);
  const { generation } = header;
  if (!isSameGeneration(generation, run.core.view.generation.id))
    throw new GanTrainError('fenced', `generation ${nameOfGeneration(generation)} is over`);
}

/** Coordinator.PutCheckpoint: a checkpoint, or weights for the Keras files. Answered when it was read back. */
export function putCheckpointHandler(run: Run, jobs: FileJobs) {
  return receive<CheckpointHeader, { weightsHash: string }>(run, async (header) => {
    fence(run, header);
    const sizeBytes = sizeOfTensors(header.tensors);
    if (sizeBytes > mostBytes)
      throw new GanTrainError('protocol', `a state of ${sizeBytes} bytes is too large`);
    switch (header.purpose) {
      case 'CHECKPOINT':
        return beginCheckpoint(run, header, sizeBytes);
      case 'WEIGHTS':
        return collect(sizeBytes, async (bytes) => storeWeights(run, jobs, header, bytes));
      case 'PURPOSE_UNSPECIFIED':
        throw new GanTrainError('protocol', 'a state must say what it is for');
    }
  });
}

async function beginCheckpoint(
  run: Run,
  header: CheckpointHeader,
  sizeBytes: number,
): Promise<Target<{ weightsHash: string }>> {
  const { directory, config, events, metrics, log } = run.context;
  const state = tripleFromMessage(header.state);
  const parent = directory.file('checkpoints');
  const startMs = performance.now();
  const writer = await createCheckpointWriter(parent, infoFrom(run, header, state), header.tensors);
  const prune = async (): Promise<void> => {
    const onRejected = (dir: string, reason: string): void =>
      log.warn({ dir, reason }, 'checkpoint passed over');
    await pruneCheckpoints(parent, { keep: config.keepCheckpoints, onRejected });
  };
  return {
    sizeBytes,
    isFinal: header.final,
    write: async (bytes) => writer.write(bytes),
    abort: async () => writer.abort(),
    async finish() {
      const step = completeStep(state.position);
      const generation = header.generation ?? noGeneration;
      await run.rowsStored(step, generation);
      await run.agreed(state, writer.weightsHash(), generation);
      const manifest = await verifyCheckpoint(await writer.seal());
      const { weightsHash } = manifest;
      // Nothing may begin from an older one once this one can be seen, and nothing may be seen that is of a generation that is over.
      await run.inTurn(async (take) => {
        fence(run, header);
        const { dir } = await writer.commit();
        await directory.checkpointStored({ dir, manifest });
        metrics.checkpointStored('checkpoint', (performance.now() - startMs) / 1000);
        events.emit({ file: { kind: 'CHECKPOINT', step, path: dir, weightsHash } });
        log.info({ step, dir, weightsHash }, 'checkpoint stored');
        // With the final one the run ends.
        if (header.final) await prune();
        await take({ kind: 'checkpointStored', state, final: header.final });
      });
      if (!header.final) await prune();
      return { weightsHash };
    },
  };
}

function infoFrom(run: Run, header: CheckpointHeader, { generation, position }: Triple): CheckpointInfo {
  const { record } = run.context.directory;
  const { row } = header;
  return {
    runId: record.runId,
    identityHash: record.identityHash ?? '',
    step: completeStep(position),
    generation,
    counters: {
      'updates.generator': header.generatorUpdates,
      'updates.discriminator': header.discriminatorUpdates,
      phase: position.phase,
      skippedInRow: header.skippedInRow,
      // What is known of the row of a step that is not complete.
      ...(row && {
        'row.dLoss': row.dLoss,
        'row.dReal': row.dReal,
        'row.dFake': row.dFake,
        'row.skippedPhases': row.skippedPhases,
      }),
    },
  };
}

async function storeWeights(
  run: Run,
  jobs: FileJobs,
  header: CheckpointHeader,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ weightsHash: string }> {
  const { directory, config, events, metrics } = run.context;
  const startMs = performance.now();
  const tensors = new Map<string, NamedTensor>();
  let offset = 0;
  for (const { name, shape } of header.tensors) {
    const length = elementsOfShape(shape);
    tensors.set(name, { name, shape, data: new Float32Array(bytes.buffer, offset, length) });
    offset += 4 * length;
  }
  const path = directory.file('weights');
  await jobs.run({ kind: 'keras', directory: path, files: kerasFiles(config, tensors) });
  metrics.checkpointStored('weights', (performance.now() - startMs) / 1000);
  const step = completeStep(tripleFromMessage(header.state).position);
  events.emit({ file: { kind: 'WEIGHTS', step, path, weightsHash: '' } });
  return { weightsHash: '' };
}

/** Coordinator.PutGrid: uint8 pictures, stored as one PNG. */
export function putGridHandler(run: Run, jobs: FileJobs) {
  return receive<GridHeader, Record<string, never>>(run, async (header) => {
    fence(run, header);
    const { step, images, size, channels } = header;
    const sizeBytes = images * size * size * channels;
    const { config, directory, events } = run.context;
    if (size !== config.size || channels !== config.channels || images > 4096) {
      throw new GanTrainError(
        'protocol',
        `a grid of ${images} pictures of ${size} px does not belong to this run`,
      );
    }
    const target = collect(sizeBytes, async (pixels) => {
      // Every member keeps a grid until it is confirmed, so it may come more than once.
      if (step <= run.gridStep) return {};
      const path = directory.file('samples', `${nameOfStep(step)}.png`);
      await jobs.run({ kind: 'grid', path, images, size, channels, pixels });
      if (step > run.gridStep) events.emit({ file: { kind: 'GRID', step, path, weightsHash: '' } });
      run.gridStored(step);
      return {};
    });
    return Promise.resolve(target);
  });
}

/** Coordinator.GetCheckpoint: the newest state that is stored. */
export async function* getCheckpoint(
  run: Run,
  request: { runId: string },
): AsyncGenerator<CheckpointPiece, void, void> {
  requireRun(run, request.runId);
  const found = run.context.directory.checkpoint;
  if (found === undefined) throw new GanTrainError('run_missing', 'this run starts from its initial state');
  const { manifest, dir } = found;
  const { tensors } = await loadSafetensors(join(dir, stateFile));
  const counter = (name: string): number => manifest.counters[name] ?? 0;
  const position = positionFrom(manifest);
  yield {
    header: {
      runId: manifest.runId,
      generation: manifest.generation,
      purpose: 'CHECKPOINT',
      state: { generation: manifest.generation, position },
      tensors: [...tensors.values()].map(({ name, shape }) => ({ name, shape: [...shape] })),
      generatorUpdates: counter('updates.generator'),
      discriminatorUpdates: counter('updates.discriminator'),
      skippedInRow: counter('skippedInRow'),
      ...(position.phase === 0 && {
        row: {
          step: position.step,
          dLoss: counter('row.dLoss'),
          dReal: counter('row.dReal'),
          dFake: counter('row.dFake'),
          skippedPhases: counter('row.skippedPhases'),
        },
      }),
    },
  };
  for (const { data } of tensors.values()) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; at += chunkBytes) yield { data: bytes.subarray(at, at + chunkBytes) };
  }
}

/** Where a checkpoint's state stands. */
export function positionFrom(manifest: CheckpointInfo): Position {
  return manifest.counters.phase === 0
    ? { step: manifest.step + 1, phase: 0 }
    : { step: manifest.step, phase: 1 };
}
