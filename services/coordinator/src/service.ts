import {
  streamHandler,
  unaryHandler,
  type CoordinatorHandlers,
  type ScaleRequest,
  type WatchRequest,
} from '@gan-train/rpc';
import { getCheckpoint, putCheckpointHandler } from './checkpoints.js';
import type { FileJobs } from './file-jobs.js';
import { putGridHandler } from './grids.js';
import { fetchItems, requireRun, watch } from './handlers.js';
import type { Run } from './run.js';
import { sessionHandler } from './session.js';
import { scale, status } from './status.js';

/** What is asked of a run from outside, and how it is done: by the run itself, or by who runs its processes. */
export interface RunControl {
  stop(reason: string): void;
  scale(trainers: number): Promise<void>;
}

/** The coordinator's side of the contract. */
export function createHandlers(run: Run, jobs: FileJobs, control: RunControl): CoordinatorHandlers {
  return {
    Session: sessionHandler(run),
    FetchItems: streamHandler((request: Parameters<typeof fetchItems>[1]) =>
      fetchItems(run, request),
    ) as never,
    GetCheckpoint: streamHandler((request: { runId: string }) => getCheckpoint(run, request)),
    PutCheckpoint: putCheckpointHandler(run, jobs),
    PutGrid: putGridHandler(run, jobs),
    Watch: streamHandler((request: WatchRequest, gone) => watch(run, request, gone)),
    Drain: unaryHandler(async ({ runId, reason }: { runId: string; reason: string }) => {
      requireRun(run, runId);
      control.stop(reason);
      return Promise.resolve({});
    }),
    Scale: unaryHandler(async (request: ScaleRequest) => scale(run, request, control)),
    Status: unaryHandler(async (request: { runId: string }) => Promise.resolve(status(run, request))),
  };
}
