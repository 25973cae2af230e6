import { hasEnded } from '@gan-train/coordinator';
import { callCoordinator, type StatusReply__Output } from '@gan-train/rpc';
import { isClusterRun } from './cluster-run.js';
import { withCoordinator, type RunPlace } from './coordinator-of.js';

/** `gan-train stop`: asks a run that is alive to end after the step that it is in, with a checkpoint. Returns the exit code. */
export async function stop(place: RunPlace): Promise<number> {
  const text = await withCoordinator(place, async (client) => {
    const { run } = await callCoordinator<object, StatusReply__Output>(client, 'Status', { runId: '' });
    if (run && hasEnded(run.status)) return `it has ended: ${run.status} at step ${run.step} of ${run.steps}`;
    await callCoordinator(client, 'Drain', { runId: run?.runId ?? '', reason: 'somebody asked for it' });
    return textOfStop(place.run);
  });
  process.stdout.write(`${text}\n`);
  return 0;
}

function textOfStop(run: string | undefined): string {
  const wait = ['gan-train wait', ...(run === undefined ? [] : [run]), '--for end'].join(' ');
  const stops = `it stops after this step, with a checkpoint; ${wait} says when`;
  if (!isClusterRun(run)) return stops;
  const pause = 'kubectl scale statefulset NAME-trainer --replicas=0';
  return `${stops}\nit goes on when the coordinator's pod restarts; with no trainers it pauses for longer: ${pause}`;
}
