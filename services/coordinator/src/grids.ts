import { stat } from 'node:fs/promises';
import { nameOfStep } from '@gan-train/checkpoint';
import type { GridHeader } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { FileJobs } from './file-jobs.js';
import type { Run } from './run.js';
import { collect, fence, receive } from './uploads.js';

const mostImages = 4096;

/** Coordinator.PutGrid: uint8 pictures, stored as one PNG. */
export function putGridHandler(run: Run, jobs: FileJobs) {
  return receive<GridHeader, Record<string, never>>(run, async (header) => {
    fence(run, header);
    const { step, images, size, channels } = header;
    const { config, directory, events } = run.context;
    if (size !== config.size || channels !== config.channels || images > mostImages) {
      const what = `a grid of ${images} pictures of ${size} px does not belong to this run`;
      throw new GanTrainError('protocol', what);
    }
    const path = directory.file('samples', `${nameOfStep(step)}.png`);
    const target = collect(images * size * size * channels, async (pixels) => {
      // Every member keeps a grid until it is confirmed, so it may come more than once, and in any order.
      if (await isFile(path)) return {};
      const content = await jobs.run({ kind: 'grid', images, size, channels, pixels });
      await run.inTurn(async () => {
        // The run may have gone back behind it meanwhile.
        fence(run, header);
        if (await isFile(path)) return;
        await run.storing('grids', async () => directory.write(path, content));
        events.emit({ file: { kind: 'GRID', step, path, weightsHash: '' } });
        run.gridStored(step);
      });
      return {};
    });
    return Promise.resolve(target);
  });
}

const isFile = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
