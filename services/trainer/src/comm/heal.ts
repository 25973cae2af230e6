import {
  callUnary,
  errorFromStatus,
  getCheckpoint,
  readChunks,
  sizeOfTensors,
  type CheckpointHeader,
  type CoordinatorClient,
  type GenerationId,
  type PeerClient,
  type StateBytes,
} from '@gan-train/rpc';
import { GanTrainError, type Faults } from '@gan-train/service';
import { retry, type PeerSums } from '@gan-train/collective';
import { bytesOfSlice } from '../comm-calls.js';
import type { OpenGeneration } from './generation.js';
import { untilAnswered } from './until-answered.js';

const healTimeoutMs = 600_000;

export interface HealContext {
  client: CoordinatorClient;
  runId: string;
  faults: Faults;
  /** Where the state goes if it fits. */
  room: SharedArrayBuffer | undefined;
}

/**
 * The state that a generation starts from: slices of it from all members that hold it, at once, or the coordinator's checkpoint;
 * undefined when it is the initial one. Throws `cancelled` when the generation ends before it is whole.
 */
export async function fetchState(
  open: OpenGeneration,
  context: HealContext,
): Promise<StateBytes | undefined> {
  const { client, runId } = context;
  try {
    switch (open.source) {
      case 'INITIAL':
        return undefined;
      case 'CHECKPOINT':
        return await untilAnswered(
          'fetching the checkpoint',
          async () => getCheckpoint(client, runId, healTimeoutMs),
          {
            signal: open.closed,
            timeoutMs: healTimeoutMs,
          },
        );
      case 'HOLDERS':
      case 'SOURCE_UNSPECIFIED':
        return await fromHolders(open, context);
    }
  } catch (thrown) {
    if (open.closed.aborted)
      throw new GanTrainError('cancelled', 'the generation is closed', undefined, thrown);
    throw thrown;
  }
}

async function fromHolders(open: OpenGeneration, { runId, faults, room }: HealContext): Promise<StateBytes> {
  const { generation, state } = open.order;
  const again = {
    what: 'taking the state over',
    deadline: Date.now() + healTimeoutMs,
    signal: open.closed,
    // A member that has not begun the generation yet refuses.
    passing: ['trainer_lost', 'cancelled', 'fenced', 'timeout'],
    firstBackoffMs: 10,
    longestBackoffMs: 500,
  } as const;
  const holders = (await open.holders()).flatMap(({ client, sums }) => (client ? [{ client, sums }] : []));
  const [first] = holders;
  if (first === undefined) throw new GanTrainError('protocol', 'nobody holds the state to start from');
  const header = await retry(async () => describe(first.client, { runId, generation }), again);
  const sizeBytes = sizeOfTensors(header.tensors);
  const data = room?.byteLength === sizeBytes ? room : new SharedArrayBuffer(sizeBytes);
  await Promise.all(
    holders.map(async (holder, index) => {
      const { start, end } = bytesOfSlice(sizeBytes, { index, count: holders.length });
      const slice = new Uint8Array(data, start, end - start);
      await retry(
        async () => pullSlice(holder, { runId, generation, start, end }, slice, open.closed),
        again,
      );
      faults('midHeal', state.position);
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
  { client, sums }: { client: PeerClient; sums: PeerSums | undefined },
  request: { runId: string; generation: GenerationId; start: number; end: number },
  slice: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const inPlace = sums !== undefined;
  const call = client.PullState({ ...request, inPlace }, { deadline: Date.now() + healTimeoutMs });
  try {
    for await (const { offset, payload } of readChunks(call, slice.length, signal, inPlace)) {
      if (payload.length > 0) slice.set(payload, offset);
      else sums?.readState(request.start, slice);
    }
  } catch (error) {
    throw errorFromStatus(error, 'trainer_lost');
  }
}
