import type { MemberView } from '@gan-train/coordinator/membership';
import { noGeneration, type GenerationId, type LossRow } from '@gan-train/rpc';
import type { Clock } from './clock.js';
import type { Process } from './process.js';
import type { Random } from '../support/random.js';
import type { State } from './state.js';

/** The run directory: what a coordinator finds when it starts. */
export interface Disk {
  term: number;
  generation: { id: GenerationId; members: readonly MemberView[] };
  /** Of the last checkpoint. */
  step: number;
  wanted: number;
  rows: LossRow[];
  checkpoint: State | undefined;
  /** Who has the lock. Another one that writes ends instead. */
  owner: Process | undefined;
  /**
   * Does it after a while, then calls `done`. When the process is killed meanwhile it is done or it isn't. Each piece
   * is atomic.
   */
  write(process: Process, pieces: readonly (() => void)[], done: () => void): void;
}

export function createDisk({ clock, random }: { clock: Clock; random: Random }, wanted: number): Disk {
  const disk: Disk = {
    term: 0,
    generation: { id: noGeneration, members: [] },
    step: 0,
    wanted,
    rows: [],
    checkpoint: undefined,
    owner: undefined,
    write(process, pieces, done) {
      const begunWith = disk.owner;
      const isSlow = random.chance(0.05);
      // A killed process leaves behind what it had got done.
      const last = random.int(pieces.length + 1);
      clock.after(isSlow ? random.between(20, 1_000) : random.between(0, 20), () => {
        if (disk.owner !== begunWith || (!process.isAlive && begunWith !== process)) return;
        if (!process.isAlive) {
          for (const piece of pieces.slice(0, last)) piece();
          return;
        }
        process.run(() => {
          // The lock's holder is another by now, which this one finds out with its next write.
          if (disk.owner !== process) process.kill();
          else {
            for (const piece of pieces) piece();
            done();
          }
        });
      });
    },
  };
  return disk;
}
