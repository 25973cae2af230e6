import { nameOfGeneration, type Event__Output, type StatusReply__Output } from '@gan-train/rpc';
import { plural } from '@gan-train/service';
import { askCoordinator } from './coordinator-of.js';

/** Events that are shown to a person. */
const mostEvents = 10;

/** `gan-train status`: how a run that is alive is doing. Returns the exit code. */
export async function status(
  run: string | undefined,
  tlsDir: string | undefined,
  json: boolean,
): Promise<number> {
  const where = { run, tlsDir };
  const reply = await askCoordinator<object, StatusReply__Output>(where, 'Status', { runId: '' });
  process.stdout.write(json ? `${JSON.stringify(reportOf(reply))}\n` : textOf(reply));
  return 0;
}

type Trainer = StatusReply__Output['trainers'][number];

export function reportOf({
  run,
  generation,
  doing,
  trainersWanted,
  trainers,
  row,
  events,
}: StatusReply__Output) {
  return {
    runId: run?.runId,
    directory: run?.directory,
    status: run?.status,
    step: run?.step,
    steps: run?.steps,
    weightsHash: run?.weightsHash,
    doing,
    losses: row && { d_loss: row.dLoss, g_loss: row.gLoss, d_real: row.dReal, d_fake: row.dFake },
    images_per_second: row?.imagesPerSecond,
    generation: generation && { term: generation.term, n: generation.n },
    trainers_wanted: trainersWanted,
    trainers: trainers.map((trainer) => ({
      id: trainer.incarnation,
      address: trainer.address,
      pid: trainer.pid,
      host: trainer.host,
      role: trainer.role,
      ...(isMember(trainer) && {
        rank: trainer.rank,
        shards: shardsOf(trainer),
        state: trainer.activity.toLowerCase(),
        at: trainer.position && { step: trainer.position.step, phase: trainer.position.phase },
        waiting_for: trainer.waitingFor,
      }),
    })),
    events: events.map((event) => ({ time: event.time, message: messageOf(event) })),
  };
}

/** One that leaves still has its shards, if it is a member. */
const isMember = ({ role, shardCount }: Trainer): boolean => role === 'member' || shardCount > 0;

const shardsOf = ({ firstShard, shardCount }: Trainer): number[] =>
  Array.from({ length: shardCount }, (_, i) => firstShard + i);

function messageOf(event: Event__Output): string {
  if (event.generation) {
    const { generation, members, reason } = event.generation;
    return `generation ${nameOfGeneration(generation)} with ${plural(members.length, 'trainer')}: ${reason}`;
  }
  if (event.wanted) return `${plural(event.wanted.trainers, 'trainer')} wanted`;
  if (event.finished) return `${event.finished.status} at step ${event.finished.step}`;
  if (event.failed) return `failed: ${event.failed.message}`;
  return event.note?.message ?? '';
}

export function textOf(reply: StatusReply__Output): string {
  const { run, generation, doing, trainersWanted, trainers, row, events } = reply;
  const number = (value: number | undefined, digits = 3): string => value?.toFixed(digits) ?? '-';
  const head = [
    `run          ${run?.directory ?? ''}${run?.status === 'running' ? '' : `, ${run?.status}`}`,
    `step         ${run?.step ?? 0} of ${run?.steps ?? 0}, ${number(row?.imagesPerSecond, 0)} images/s`,
    `losses       d_loss ${number(row?.dLoss)}  g_loss ${number(row?.gLoss)}  D(x) ${number(row?.dReal, 2)}  D(G(z)) ${number(row?.dFake, 2)}`,
    `generation   ${nameOfGeneration(generation)}, ${plural(trainersWanted, 'trainer')} wanted`,
    `now          ${doing}`,
  ];
  const table = [
    ['rank', 'pid', 'address', 'shards', 'state', 'at'],
    ...trainers.map((trainer) => rowOf(trainer)),
  ];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const lines = table.map((cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const last = events.slice(-mostEvents).map((event) => `${clockOf(event.time)}  ${messageOf(event)}`);
  return `${[...head, '', ...lines, '', ...last].join('\n')}\n`;
}

function rowOf(trainer: Trainer): string[] {
  const { pid, address, position, activity, waitingFor } = trainer;
  if (!isMember(trainer)) return ['-', String(pid), address, '-', trainer.role, '-'];
  const shards = shardsOf(trainer);
  const [first = 'spare'] = shards;
  const range = shards.length < 2 ? String(first) : `${first}-${shards.at(-1)}`;
  const doing = activity.toLowerCase().replace('_', ' ');
  const waits = activity === 'WAITING_PEER' && waitingFor.length > 0 ? ` ${waitingFor.join(', ')}` : '';
  const at = `step ${position?.step ?? 0} ${position?.phase === 0 ? 'd' : 'g'}`;
  const leaving = trainer.role === 'leaving' ? ' (leaving)' : '';
  return [String(trainer.rank), String(pid), address, range, `${doing}${waits}${leaving}`, at];
}

const clockOf = (seconds: number): string => new Date(1000 * seconds).toISOString().slice(11, 19);
