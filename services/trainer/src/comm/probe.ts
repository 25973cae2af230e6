import {
  callUnary,
  createPeerClient,
  type Probe,
  type ProbeReply,
  type ProbeRequest,
  type TlsIdentity,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';

const probeTimeoutMs = 5_000;

/** Members that this trainer can't reach, or that can't reach it at `address`. */
export async function probeMembers(
  runId: string,
  address: string,
  { members }: Probe,
  tls: TlsIdentity | undefined,
): Promise<string[]> {
  const failures = await Promise.all(
    members.map(async (member) =>
      (await probe(member.address, { runId, back: address }, tls)) === '' ? [] : [member.incarnation],
    ),
  );
  return failures.flat();
}

/** Peer.Probe: answers that this trainer is there, and whether it reaches the caller. */
export async function serveProbe(
  { runId, back }: ProbeRequest,
  own: string | undefined,
  tls: TlsIdentity | undefined,
): Promise<ProbeReply> {
  if (runId !== own) throw new GanTrainError('fenced', `run ${runId} is not here`);
  return { failure: back === '' ? '' : await probe(back, { runId, back: '' }, tls) };
}

/** Why a trainer can't be reached, or can't reach back; empty when all is well. */
async function probe(address: string, request: ProbeRequest, tls: TlsIdentity | undefined): Promise<string> {
  const client = createPeerClient(address, tls);
  try {
    const call = client.Probe.bind(client) as Parameters<
      typeof callUnary<ProbeRequest, { failure: string }>
    >[0];
    const reply = await callUnary(call, request, { timeoutMs: probeTimeoutMs, unavailable: 'trainer_lost' });
    return reply.failure;
  } catch (error) {
    return GanTrainError.from(error).what;
  } finally {
    client.close();
  }
}
