import { connect } from 'node:net';
import { join } from 'node:path';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import {
  createCoordinatorClient,
  createPeerClient,
  maxMessageBytes,
  protocolVersion,
  type SessionDown__Output,
} from '@gan-train/rpc';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  directoryOfTests,
  endless,
  inspected,
  lossesOf,
  setupMs,
  startTestCluster,
  stepsOf,
  tinyDcgan,
  trained,
  type TestCluster,
} from '../support/index.js';

const directory = directoryOfTests();
let cluster: TestCluster;
let peerAddress: string;

beforeAll(async () => {
  const asked = { ...tinyDcgan, steps: endless, trainers: 2 };
  cluster = await startTestCluster({ asked, out: join(directory, 'run'), trainers: 2 });
  await cluster.untilStep(2);
  // Of rank 1: it owns part 1.
  peerAddress = (await cluster.untilGeneration(1)).members[1]?.address ?? '';
}, setupMs);

const generation = { term: 1, n: 1 };
const wrongs = [
  { what: 'another run', change: { runId: 'b5b2d3a0-0000-4000-8000-000000000000' } },
  { what: 'a later generation', change: { generation: { term: 1, n: 2 } } },
  { what: 'a later term', change: { generation: { term: 2, n: 1 } } },
  { what: 'no generation', change: { generation: null } },
];

/** How a call ended. */
type Ended = Pick<ServiceError, 'code' | 'details'>;

describe('a trainer', () => {
  const pull = async (change: object): Promise<Ended> => {
    const client = createPeerClient(peerAddress);
    const request = { runId: cluster.runId, generation, kind: 'PARTIAL' as const, bucket: 0, part: 0 };
    const position = { step: cluster.lastStep() + 1, phase: 0 };
    try {
      for await (const chunk of client.Pull({ ...request, position, ...change })) void chunk;
      return { code: status.OK, details: '' };
    } catch (error) {
      return error as Ended;
    } finally {
      client.close();
    }
  };

  it.each(wrongs)('does not serve $what', async ({ change }) => {
    const { code, details } = await pull(change);
    expect(code).toBe(status.FAILED_PRECONDITION);
    expect(details).toMatch(/^run .* generation \d\.\d is not served here$/);
  });

  it('does not serve a step that is over', async () => {
    const { code, details } = await pull({ position: { step: 1, phase: 0 } });
    expect({ code, details }).toEqual({
      code: status.FAILED_PRECONDITION,
      details: 'step 1 is no longer served',
    });
  });

  it.each([
    { what: 'a part that there is not', change: { part: 9 }, says: 'no such part' },
    { what: 'a bucket that there is not', change: { bucket: 1000 }, says: 'phase 0 has no bucket 1000' },
    {
      what: 'a phase that there is not',
      change: { position: { step: 1, phase: 7 } },
      says: 'there is no phase 7',
    },
    { what: 'no kind', change: { kind: 'KIND_UNSPECIFIED' }, says: 'a pull must say PARTIAL or REDUCED' },
    { what: 'no position', change: { position: null }, says: 'no such part' },
    {
      what: 'a part that another one owns',
      change: { kind: 'REDUCED', part: 0 },
      says: 'part 0 has another owner',
    },
  ])('does not serve $what: a mistake, not an old message', async ({ change, says }) => {
    expect(await pull(change)).toMatchObject({ code: status.INVALID_ARGUMENT, details: says });
  });
});

/** Sends bytes that no client of ours would send; how the call ended. */
async function sendRaw(address: string, method: string, bytes: Buffer): Promise<Ended> {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.max_send_message_length': -1 });
  const asIs = (message: Buffer): Buffer => message;
  try {
    return await new Promise<Ended>((resolve) => {
      const call = client.makeServerStreamRequest(`/gan_train.v1.${method}`, asIs, asIs, bytes);
      call.on('data', () => undefined);
      call.on('error', () => undefined);
      call.on('status', resolve);
    });
  } finally {
    client.close();
  }
}

describe('both kinds of server', () => {
  const calls = [
    { server: 'trainer', method: 'Peer/Pull' },
    { server: 'coordinator', method: 'Coordinator/FetchItems' },
  ];
  const addressOf = (server: string): string =>
    server === 'trainer' ? peerAddress : `127.0.0.1:${cluster.grpcPort}`;

  it.each(calls)('refuse a message that is too large: $server', async ({ server, method }) => {
    const { code } = await sendRaw(addressOf(server), method, Buffer.alloc(maxMessageBytes + 1));
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it.each(calls)('refuse bytes that are no message: $server', async ({ server, method }) => {
    // An unknown field of wire type 7, which there isn't.
    const { code } = await sendRaw(addressOf(server), method, Buffer.from([0x7f, 1, 2]));
    expect(code).toBe(status.INTERNAL);
  });

  it.each(calls)('close a connection that does not speak gRPC: $server', async ({ server }) => {
    const port = Number(addressOf(server).split(':')[1]);
    const closed = new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      socket.on('close', () => resolve());
    });
    await closed;
  });

  it.each(calls)('do not know other methods: $server', async ({ server }) => {
    const { code } = await sendRaw(addressOf(server), 'Peer/Push', Buffer.alloc(0));
    expect(code).toBe(status.UNIMPLEMENTED);
  });
});

describe('the coordinator', () => {
  const withClient = async <T>(
    use: (client: ReturnType<typeof createCoordinatorClient>) => Promise<T>,
  ): Promise<T> => {
    const client = createCoordinatorClient(`127.0.0.1:${cluster.grpcPort}`);
    try {
      return await use(client);
    } finally {
      client.close();
    }
  };

  it.each([
    { what: 'ready', message: { ready: { probeHash: 'f'.repeat(64) } } },
    { what: 'rows', message: { progress: { rows: [{ step: 1, dLoss: 1 }] } } },
    { what: 'a failure', message: { failed: { code: 'io', message: 'no' } } },
  ])('refuses a session that begins with $what instead of hello', async ({ message }) => {
    const answers = await withClient(async (client) => {
      const session = client.Session();
      session.write(message);
      const downs: SessionDown__Output[] = [];
      for await (const down of session) downs.push(down as SessionDown__Output);
      return downs;
    });
    expect(answers).toHaveLength(1);
    expect(answers[0]?.refused).toEqual({ code: 'protocol', message: 'the first message must be hello' });
  });

  it('refuses a hello of another protocol or engine', async () => {
    const refusals = await withClient(async (client) => {
      const hello = { incarnation: 'x', address: '127.0.0.1:1', pid: 1, host: 'x' };
      const told: string[] = [];
      for (const rest of [
        { protocol: 99, engines: [{ name: 'onnx', identity: 'x' }] },
        { protocol: protocolVersion, engines: [{ name: 'onnx', identity: 'another' }] },
        { protocol: protocolVersion, engines: [{ name: 'cpu', identity: 'x' }] },
      ]) {
        const session = client.Session();
        session.write({ hello: { ...hello, ...rest } });
        for await (const down of session)
          told.push((down as SessionDown__Output).refused?.message ?? 'admitted');
      }
      return told;
    });
    expect(refusals).toEqual([
      expect.stringContaining('it speaks protocol 99'),
      expect.stringContaining('engineIdentity was onnxruntime'),
      expect.stringContaining('engine onnx does not load in this trainer, which has cpu'),
    ]);
  });

  it.each(wrongs)('stores nothing of $what', async ({ change }) => {
    const ended = await withClient(
      async (client) =>
        new Promise<ServiceError | null>((resolve) => {
          const call = client.PutCheckpoint((error) => resolve(error));
          const header = { runId: cluster.runId, generation, purpose: 'CHECKPOINT' as const, tensors: [] };
          call.write({
            header: {
              ...header,
              state: { generation, position: { step: 999_999, phase: 1 } },
              final: true,
              ...change,
            },
          });
          call.end();
        }),
    );
    expect(ended?.code).toBe(status.FAILED_PRECONDITION);
    expect(await checkpointSteps(cluster.directory)).toEqual([]);
  });

  it('does not drain another run', async () => {
    const error = await withClient(
      async (client) =>
        new Promise<ServiceError | null>((resolve) => {
          client.Drain({ runId: 'another', reason: 'a mistake' }, (failure) => resolve(failure));
        }),
    );
    expect(error?.code).toBe(status.FAILED_PRECONDITION);
  });
});

it('through all of it the run went on, and its bits are those of an undisturbed one', async () => {
  const before = cluster.lastStep();
  await cluster.untilStep(before + 2);
  await cluster.drain('the test is over');
  await cluster.finished();
  const { step, status: ended, weightsHash } = await inspected(cluster.directory);
  expect(ended).toBe('stopped');
  expect(cluster.reported.filter(({ generation: started }) => started)).toHaveLength(1);
  const undisturbed = await trained(join(directory, 'undisturbed'), tinyDcgan, '--steps', String(step));
  expect(weightsHash).toBe(undisturbed.weightsHash);
  const losses = await lossesOf(cluster.directory);
  expect(stepsOf(losses).at(-1)).toBe(step);
  expect(losses).toEqual(undisturbed.losses);
});
