import { nameOfGeneration, type Event, type GenerationId } from '@gan-train/rpc';
import type { EventText } from '@gan-train/kubernetes';
import { plural } from '@gan-train/service';

/** Reasons of notes that nobody need look into. */
const harmless = ['Note', 'PodDeletion', 'PodDeleted'];

/** What Kubernetes' events say of something that happened to a run; undefined for what happens all the time. */
export function eventTextFrom(event: Event): EventText | undefined {
  if (event.generation) {
    const { generation, members = [], reason } = event.generation;
    const name = nameOfGeneration(generation as GenerationId);
    const message = `generation ${name} with ${plural(members.length, 'trainer')}: ${reason}`;
    return { type: 'Normal', reason: 'GenerationStarted', message };
  }
  if (event.wanted) {
    const message = `${plural(Number(event.wanted.trainers), 'trainer')} wanted`;
    return { type: 'Normal', reason: 'TrainersWanted', message };
  }
  if (event.finished) {
    const { status, step, weightsHash } = event.finished;
    const reason = status === 'finished' ? 'RunFinished' : 'RunStopped';
    return {
      type: 'Normal',
      reason,
      message: `the run ${status} at step ${step}, weightsHash ${weightsHash}`,
    };
  }
  if (event.failed) return { type: 'Warning', reason: 'RunFailed', message: event.failed.message ?? '' };
  if (event.note) {
    const reason = event.note.reason === undefined || event.note.reason === '' ? 'Note' : event.note.reason;
    const type = harmless.includes(reason) ? 'Normal' : 'Warning';
    return { type, reason, message: event.note.message ?? '' };
  }
  return undefined;
}
