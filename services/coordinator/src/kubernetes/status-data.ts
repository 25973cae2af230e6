import { nameOfGeneration, type StatusReply } from '@gan-train/rpc';
import type { GenerationId } from '@gan-train/rpc';

/** What the status ConfigMap says, for people: one line a key. */
export function statusDataFrom(status: StatusReply): Record<string, string> {
  const { run, generation, doing, trainersWanted, trainers = [], row } = status;
  const members = trainers.filter(({ role }) => role === 'member').length;
  const number = (value: unknown, digits: number): string => Number(value).toFixed(digits);
  return {
    run: run?.runId ?? '',
    status: run?.status ?? '',
    step: `${run?.step ?? 0} of ${run?.steps ?? 0}`,
    trainers: `${members} of ${trainersWanted ?? 0}`,
    generation: nameOfGeneration(generation as GenerationId),
    doing: doing ?? '',
    weightsHash: run?.weightsHash ?? '',
    ...(row && {
      losses: `d_loss ${number(row.dLoss, 4)}, g_loss ${number(row.gLoss, 4)}`,
      outputs: `D(x) ${number(row.dReal, 3)}, D(G(z)) ${number(row.dFake, 3)}`,
      imagesPerSecond: number(row.imagesPerSecond, 1),
    }),
  };
}
