import type { Logger } from '@gan-train/service';
import type { EventHub } from './events.js';
import type { Note } from './membership/inputs-and-effects.js';
import type { CoordinatorMetrics } from './metrics.js';

/** What is told of something that happened to the run: in the log, as a metric, and to whoever watches. */
export function noteTaken(
  note: Note,
  { events, metrics, log }: { events: EventHub; metrics: CoordinatorMetrics; log: Logger },
): void {
  const tell = (message: string): void => events.emit({ note: { message } });
  switch (note.name) {
    case 'decided':
      metrics.runStalled(0);
      log.info({ action: note.action, reason: note.reason }, 'decision');
      return;
    case 'started': {
      const { id, position, members, healing, reason } = note;
      metrics.generationStarted(id);
      events.emit({ generation: { generation: id, members: [...members], reason } });
      log.info({ ...id, ...position, members: members.length, healing, reason }, 'generation started');
      return;
    }
    case 'closed':
      log.info({ atOnce: note.atOnce, reason: note.reason }, 'generation closed');
      tell(note.reason);
      return;
    case 'lost': {
      const { incarnation, address, how, reason, wasMember } = note;
      metrics.trainerLost(how);
      log.warn({ trainer: incarnation, address, reason, how }, 'trainer lost');
      if (!wasMember) tell(`trainer ${address}, not a member, is gone: ${reason}`);
      return;
    }
    case 'released':
      log.info({ trainer: note.incarnation, address: note.address, reason: note.reason }, 'trainer released');
      tell(`trainer ${note.address} left: ${note.reason}`);
      return;
    case 'stalled':
      metrics.runStalled(note.seconds);
      log.warn({ seconds: note.seconds, reason: note.reason }, 'stalled');
      tell(`no progress for ${note.seconds.toFixed(0)} s: ${note.reason}`);
      return;
    case 'mismatch':
      metrics.stateMismatch();
      log.error({ ...note.position }, 'replicas differ');
      return;
  }
}
