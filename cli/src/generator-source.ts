import { join } from 'node:path';
import { loadCheckpoint, nameOfStep, newestCheckpoint } from '@gan-train/checkpoint';
import { loadRunConfig } from '@gan-train/coordinator';
import {
  callCoordinator,
  elementsOfShape,
  getCheckpoint,
  type StateBytes,
  type StatusReply__Output,
} from '@gan-train/rpc';
import { GanTrainError, resolveConfig, type RunConfig } from '@gan-train/service';
import { isRemote, withCoordinator } from './coordinator-of.js';
import { wholeNumber } from './numbers.js';

type Tensors = ReadonlyMap<string, { data: Float32Array }>;

/** Where images come from: a run's config, and a state of it. */
export interface GeneratorSource {
  config: RunConfig;
  tensors: Tensors;
}

const downloadMs = 600_000;

/**
 * Of a run's directory, or from the coordinator of a run that is alive (HOST:PORT, k8s:RELEASE), which has its newest checkpoint. Throws
 * `bad_checkpoint` where there is none.
 */
export async function loadGeneratorSource(
  run: string,
  { step, tlsDir }: { step?: string | undefined; tlsDir?: string | undefined },
): Promise<GeneratorSource> {
  if (!isRemote(run)) {
    return { config: resolveConfig(await loadRunConfig(run)), tensors: await localTensors(run, step) };
  }
  if (step !== undefined)
    throw new GanTrainError(
      'bad_config',
      'a coordinator gives its newest checkpoint only',
      'leave out --step',
    );
  return withCoordinator({ run, tlsDir }, async (client) => {
    const reply = await callCoordinator<object, StatusReply__Output>(client, 'Status', { runId: '' });
    if (reply.run?.weightsHash === '') throw noCheckpoint(run);
    const state = await getCheckpoint(client, reply.run?.runId ?? '', downloadMs);
    return { config: JSON.parse(reply.configJson) as RunConfig, tensors: tensorsFrom(state) };
  });
}

async function localTensors(run: string, step: string | undefined): Promise<Tensors> {
  const checkpoints = join(run, 'checkpoints');
  if (step !== undefined) {
    const number = wholeNumber('--step', step, 0, Number.MAX_SAFE_INTEGER);
    return (await loadCheckpoint(join(checkpoints, nameOfStep(number)))).tensors;
  }
  const found = await newestCheckpoint(checkpoints);
  if (found === undefined) throw noCheckpoint(run);
  return (await loadCheckpoint(found.dir)).tensors;
}

const noCheckpoint = (run: string): GanTrainError =>
  new GanTrainError(
    'bad_checkpoint',
    `${run} has no whole checkpoint yet`,
    'wait for the first, or train on',
  );

/** Tensors lie one after the other, as the header lists them. */
function tensorsFrom({ header, data }: StateBytes): Tensors {
  let offset = 0;
  const tensors = header.tensors.map(({ name, shape }) => {
    const length = elementsOfShape(shape);
    const floats = new Float32Array(data, offset, length);
    offset += 4 * length;
    return [name, { data: floats }] as const;
  });
  return new Map(tensors);
}
