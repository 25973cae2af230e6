import { createHash } from 'node:crypto';
import {
  copyFloats,
  initialState,
  shadowOf,
  type Gan,
  type NetworkLayout,
  type NetworkState,
} from '@gan-train/gan';
import {
  completeStep,
  initialTriple,
  sizeOfTensors,
  tripleFromMessage,
  type LossRow,
  type StateBytes,
  type Triple,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { bytesOfSlice, type StateSlice, type StateSnapshot, type Wish } from './comm-calls.js';

export type Network = 'generator' | 'discriminator';
export const networks = ['generator', 'discriminator'] as const;

/** All that the next phase depends on, besides the config. */
export interface TrainerState {
  networks: Record<Network, NetworkState>;
  triple: Triple;
  /** What is known of the row of the step under way. */
  row: LossRow;
  /** Phases in a row whose update was skipped. */
  skippedInRow: number;
  /** What the members agreed on in this generation. */
  agreed: Record<Wish, boolean>;
}

export const nothingAgreed = (): TrainerState['agreed'] => ({ stop: false, pause: false, checkpoint: false });

export const emptyRow = (step: number): LossRow => ({
  step,
  dLoss: 0,
  gLoss: 0,
  dReal: 0,
  dFake: 0,
  imagesPerSecond: 0,
  skippedPhases: 0,
});

/** Throws `bad_config` when the model's state does not fit this machine. */
export function createInitialState(gan: Gan, seed: number): TrainerState {
  const stateOf = (network: Network): NetworkState => {
    try {
      return initialState(gan, network, seed);
    } catch (error) {
      throw new GanTrainError('bad_config', (error as Error).message, undefined, error);
    }
  };
  return {
    networks: { generator: stateOf('generator'), discriminator: stateOf('discriminator') },
    triple: initialTriple,
    row: emptyRow(1),
    skippedInRow: 0,
    agreed: nothingAgreed(),
  };
}

/** Writes to all of a new state's memory. */
export function touchMemory({ networks: { generator, discriminator } }: TrainerState): void {
  for (const state of [generator, discriminator]) {
    const { weights, m, v, ema } = shadowOf(state);
    for (const array of [state.m, state.v, weights, m, v, ema]) array.fill(0);
  }
}

type Field = 'weights' | 'm' | 'v' | 'ema';

interface StateTensor {
  name: string;
  shape: readonly number[];
  network: Network;
  field: Field;
  offset: number;
  length: number;
}

/** Every tensor of a state by its name in a checkpoint, sorted: `generator/dense/kernel`, with `/m` and `/v` its slots, and `/ema` its average. */
function stateTensors(gan: Gan, withSlots: boolean): StateTensor[] {
  const ofNetwork = ({ network, trainable, running }: NetworkLayout): StateTensor[] => {
    const named = (specs: NetworkLayout['trainable'], field: Field): StateTensor[] =>
      specs.map(({ name, ...rest }) => ({
        ...rest,
        name: `${network}/${name}${field === 'weights' ? '' : `/${field}`}`,
        network,
        field,
      }));
    const slots = withSlots ? [...named(trainable, 'm'), ...named(trainable, 'v')] : [];
    const all = [...trainable, ...running];
    const average = withSlots && network === 'generator' ? named(all, 'ema') : [];
    return [...named(all, 'weights'), ...slots, ...average];
  };
  const all = networks.flatMap((network) => ofNetwork(gan.layouts[network]));
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * A copy of the state or of a slice of it, laid out as it is sent: tensor after tensor, by name. `reuse` is written over when it fits.
 */
export function snapshotState(
  gan: Gan,
  state: TrainerState,
  purpose: StateSnapshot['purpose'],
  reuse: SharedArrayBuffer | undefined,
  slice: StateSlice = { index: 0, count: 1 },
): StateSnapshot {
  const tensors = stateTensors(gan, purpose === 'CHECKPOINT');
  const { start, end } = bytesOfSlice(sizeOfTensors(tensors), slice);
  const data = reuse?.byteLength === end - start ? reuse : new SharedArrayBuffer(end - start);
  const floats = new Float32Array(data);
  let at = -start / 4;
  const entries = tensors.map(({ name, shape, network, field, offset, length }) => {
    const from = Math.max(0, -at);
    const to = Math.min(length, floats.length - at);
    if (from < to)
      copyFloats(floats, at + from, state.networks[network][field].subarray(offset + from, offset + to));
    at += length;
    return { name, shape };
  });
  return {
    purpose,
    tensors: entries,
    data,
    start,
    state: state.triple,
    updates: {
      generator: state.networks.generator.updates,
      discriminator: state.networks.discriminator.updates,
    },
    row: state.triple.position.phase === 0 ? state.row : undefined,
    skippedInRow: state.skippedInRow,
  };
}

/** Room for a state that is taken over, with all its memory there. */
export function roomForState(gan: Gan): SharedArrayBuffer {
  const room = new SharedArrayBuffer(sizeOfTensors(stateTensors(gan, true)));
  new Uint8Array(room).fill(0);
  return room;
}

/** sha256 over all tensors of the state, by name: what a checkpoint of it has as its weightsHash. */
export function hashFromState(gan: Gan, state: TrainerState): string {
  const hash = createHash('sha256');
  for (const { network, field, offset, length } of stateTensors(gan, true)) {
    const { buffer, byteOffset } = state.networks[network][field];
    hash.update(new Uint8Array(buffer, byteOffset + 4 * offset, 4 * length));
  }
  return hash.digest('hex');
}

/**
 * A state from bytes, in the shadows of the one that this trainer has: that one stays whole until the new one takes its place.
 * Throws `bad_checkpoint` when it holds other tensors than this model has.
 */
export function stateFromBytes(gan: Gan, { header, data }: StateBytes, present: TrainerState): TrainerState {
  const filled = shadowsOf(present);
  const floats = new Float32Array(data);
  const tensors = stateTensors(gan, true);
  const describe = (t: { name: string; shape: readonly number[] } | undefined): string =>
    t === undefined ? 'nothing' : `${t.name} [${t.shape.join(', ')}]`;
  if (header.tensors.length > tensors.length) {
    throw mismatch('no more tensors', describe(header.tensors[tensors.length]));
  }
  let at = 0;
  tensors.forEach((tensor, i) => {
    const { network, field, offset, length } = tensor;
    if (describe(header.tensors[i]) !== describe(tensor)) {
      throw mismatch(describe(tensor), describe(header.tensors[i]));
    }
    filled[network][field].set(floats.subarray(at, at + length), offset);
    at += length;
  });
  if (at !== floats.length) throw mismatch(`${4 * at} bytes`, `${data.byteLength}`);
  filled.generator.updates = header.generatorUpdates;
  filled.discriminator.updates = header.discriminatorUpdates;
  const triple = tripleFromMessage(header.state);
  return {
    networks: filled,
    triple,
    row: header.row ?? emptyRow(completeStep(triple.position) + 1),
    skippedInRow: header.skippedInRow,
    agreed: nothingAgreed(),
  };
}

/** The initial state, in the shadows of the one that this trainer has. */
export function initialStateFor(gan: Gan, seed: number, present: TrainerState): TrainerState {
  const initial = createInitialState(gan, seed);
  const filled = shadowsOf(present);
  for (const network of networks) {
    for (const field of ['weights', 'm', 'v', 'ema'] as const)
      filled[network][field].set(initial.networks[network][field]);
    filled[network].updates = 0;
  }
  return { ...initial, networks: filled };
}

const shadowsOf = ({ networks: { generator, discriminator } }: TrainerState): TrainerState['networks'] => ({
  generator: shadowOf(generator),
  discriminator: shadowOf(discriminator),
});

function mismatch(expected: string, found: string): GanTrainError {
  const what = `the checkpoint does not fit the model: ${expected} expected, ${found} found`;
  return new GanTrainError('bad_checkpoint', what, 'resume with the config that the run began with');
}
