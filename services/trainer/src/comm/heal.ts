import {
  callUnary,
  errorFromStatus,
  readChunks,
  sizeOfTensors,
  type CheckpointHeader,
  type CoordinatorClient,
  type GenerationId,
  type PeerClient,
} from '@gan-train/rpc';
import { GanTrainError, type Faults } from '@gan-train/service';
import { retry } from '@gan-train/collective';
import type { StateBytes } from '../comm-calls.js';
import type { OpenGeneration } from './generation.js';
import { untilAnswered } from './until-answered.js';
import { getCheckpoint } from './uploads.js';

const healTimeoutMs = 600_000;

/**
 * The state that a generation starts from: slices of it from all members that hold it, at once, or the coordinator's checkpoint;
 * undefined when it is the initial one. Throws `cancelled` when the generation ends before it is whole.
 */
export async function fetchState(
  open: OpenGeneration,
  { client, runId, faults }: { client: CoordinatorClient; runId: string; faults: Faults },
): Promise<StateBytes | undefined> {
  try {
    switch (open.source) {
      case 'INITIAL':
        return undefined;
      case 'CHECKPOINT':
        return await untilAnswered('fetching the checkpoint', async () => getCheckpoint(client, runId), {
          signal: open.closed,
          timeoutMs: healTimeoutMs,
        });
      case 'HOLDERS':
      case 'SOURCE_UNSPECIFIED':
        return await fromHolders(open, runId, faults);
    }
  } catch (thrown) {
    if (open.closed.aborted)
      throw new GanTrainError('cancelled', 'the generation is closed', undefined, thrown);
    throw thrown;
  }
}

async function fromHolders(open: OpenGeneration, runId: string, faults: Faults): Promise<StateBytes> {
  const { holders, order } = open;
  const { generation } = order;
  const again = {
    what: 'taking the state over',
    deadline: Date.now() + healTimeoutMs,
    signal: open.closed,
    // A member that has not begun the generation yet refuses.
    passing: ['trainer_lost', 'cancelled', 'fenced', 'timeout'],
    firstBackoffMs: 10,
    longestBackoffMs: 500,
  } as const;
  const [first] = holders;
  if (first === undefined) throw new GanTrainError('protocol', 'nobody holds the state to start from');
  const header = await retry(async () => describe(first, { runId, generation }), again);
  const sizeBytes = sizeOfTensors(header.tensors);
  const data = new SharedArrayBuffer(sizeBytes);
  const bound = (i: number): number => 4 * Math.floor(((sizeBytes / 4) * i) / holders.length);
  await Promise.all(
    holders.map(async (holder, i) => {
      const slice = new Uint8Array(data, bound(i), bound(i + 1) - bound(i));
      await retry(
        async () =>
          pullSlice(holder, { runId, generation, start: bound(i), end: bound(i + 1) }, slice, open.closed),
        again,
      );
      faults('midHeal', order.state.position);
    }),
  );
  return { header, data };
}

async function describe(
  holder: PeerClient,
  request: { runId: string; generation: GenerationId },
): Promise<CheckpointHeader> {
  const call = holder.DescribeState.bind(holder) as Parameters<
    typeof callUnary<typeof request, CheckpointHeader>
  >[0];
  return callUnary(call, request, { timeoutMs: healTimeoutMs, unavailable: 'trainer_lost' });
}

async function pullSlice(
  holder: PeerClient,
  request: { runId: string; generation: GenerationId; start: number; end: number },
  slice: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const call = holder.PullState(request, { deadline: Date.now() + healTimeoutMs });
  try {
    for await (const { offset, payload } of readChunks(call, slice.length, signal))
      slice.set(payload, offset);
  } catch (error) {
    throw errorFromStatus(error, 'trainer_lost');
  }
}
