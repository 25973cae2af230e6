import { join } from 'node:path';
import {
  createCheckpointWriter,
  loadSafetensors,
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
  noGeneration,
  sizeOfTensors,
  tripleFromMessage,
  type CheckpointHeader,
  type CheckpointPiece,
  type Position,
  type Triple,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { FileJobs } from './file-jobs.js';
import { requireRun } from './handlers.js';
import { kerasFiles } from './keras-files.js';
import type { Run } from './run.js';
import { collect, fence, receive, type Target } from './uploads.js';

/** Largest state that is taken: above any model that fits a trainer, below what would fill a disk by mistake. */
const mostBytes = 64 * 1024 ** 3;

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
        await directory.requireOwn();
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
  for (const file of kerasFiles(config, tensors))
    await directory.write(join(path, file.name), await jobs.run({ kind: 'keras', ...file }));
  metrics.checkpointStored('weights', (performance.now() - startMs) / 1000);
  const step = completeStep(tripleFromMessage(header.state).position);
  events.emit({ file: { kind: 'WEIGHTS', step, path, weightsHash: '' } });
  return { weightsHash: '' };
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
