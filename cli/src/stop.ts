import { callCoordinator, type StatusReply__Output } from '@gan-train/rpc';
import { withCoordinator, type RunPlace } from './coordinator-of.js';

/** `gan-train stop`: asks a run that is alive to end after the step that it is in, with a checkpoint. Returns the exit code. */
export async function stop(place: RunPlace): Promise<number> {
  await withCoordinator(place, async (client) => {
    const { run } = await callCoordinator<object, StatusReply__Output>(client, 'Status', { runId: '' });
    await callCoordinator(client, 'Drain', { runId: run?.runId ?? '', reason: 'somebody asked for it' });
  });
  process.stdout.write('it stops after this step, with a checkpoint; gan-train wait --for end says when\n');
  return 0;
}
