import { createCoordinator, type Coordinator } from './coordinator.js';
import { createProcess, type Process } from './process.js';
import { startTrainer, type Trainer } from './trainer.js';
import type { World } from './world.js';

/** Where the coordinator runs; trainers run on the hosts after it. */
export const coordinatorHost = 0;
export const hostOf = (slot: number): number => slot + 1;
/** A paused coordinator whose lock another one took finds that out soon after it wakes up. */
const compromisedMs = 2_000;

/** Processes, and who starts them again. */
export interface Cluster {
  readonly coordinator: Coordinator | undefined;
  /** One whose lock was taken while it was paused. */
  readonly former: Coordinator | undefined;
  readonly trainers: readonly Trainer[];
  readonly coordinatorSinceMs: number;
  trainerOf(slot: number): Trainer | undefined;
  begin(): void;
  /** As `gan-train scale`: the coordinator is told, and as many trainers are kept. */
  scale(wanted: number): void;
  stop(): void;
  killCoordinator(): void;
  pauseCoordinator(): void;
  resumeCoordinator(): void;
  /** The paused one's lock is taken by another one. */
  takeOver(): void;
  /** No longer is anything away for long. */
  cease(): void;
}

interface Slot {
  index: number;
  trainer: Trainer | undefined;
  isRetired: boolean;
}

export function createCluster(world: World): Cluster {
  const { clock, random, disk, judge } = world;
  const slots: Slot[] = [];
  const trainers = new Set<Trainer>();
  let coordinator: Coordinator | undefined;
  let former: Coordinator | undefined;
  let coordinatorSinceMs = 0;
  let lives = 0;
  let isStopping = false;
  let longestAwayMs = 15_000;

  function startCoordinator(): void {
    const process = createProcess(world, `coordinator ${disk.term + 1}`, coordinatorHost, () =>
      ended(process),
    );
    disk.owner = process;
    // Before it serves.
    disk.term += 1;
    coordinatorSinceMs = clock.nowMs;
    coordinator = createCoordinator(world, process);
    world.trace(process.name, () => `serves, from step ${disk.step} with ${disk.rows.length} rows`);
    if (isStopping) coordinator.handle({ kind: 'stop' });
  }

  function ended(process: Process): void {
    world.trace(process.name, () => 'ends');
    if (former?.process === process) former = undefined;
    if (coordinator?.process !== process) return;
    coordinator = undefined;
    // What it has begun to write is there, or it isn't, by the time that the next one looks.
    if (judge.outcome === undefined) clock.after(1_000 + random.between(0, longestAwayMs), startCoordinator);
  }

  function startIn(slot: Slot): void {
    if (slot.isRetired || slot.trainer !== undefined || judge.outcome !== undefined) return;
    const name = `trainer ${slot.index}${'abcdefghijklmnopqrstuvwxyz'[lives % 26] ?? ''}${lives++}`;
    const process = createProcess(world, name, hostOf(slot.index), () => {
      const { trainer } = slot;
      world.trace(name, () => 'ends');
      slot.trainer = undefined;
      if (trainer === undefined) return;
      trainers.delete(trainer);
      clock.after(random.between(200, random.chance(0.3) ? longestAwayMs : 2_000), () => startIn(slot));
    });
    slot.trainer = startTrainer(world, { process, address: `${name}:1` });
    trainers.add(slot.trainer);
  }

  function follow(wanted: number): void {
    while (slots.length < wanted) slots.push({ index: slots.length, trainer: undefined, isRetired: false });
    for (const slot of slots) {
      const isRetired = slot.index >= wanted;
      if (isRetired && !slot.isRetired) slot.trainer?.process.run(() => slot.trainer?.leave());
      slot.isRetired = isRetired;
      if (!isRetired) startIn(slot);
    }
  }

  /** What it still says, and to whom, until it finds its lock gone. */
  function wakeFormer(process: Process): void {
    process.after(random.between(0, compromisedMs), () => process.kill());
    for (const trainer of trainers) if (random.chance(0.3)) trainer.stream?.cut();
  }

  return {
    get coordinator() {
      return coordinator;
    },
    get former() {
      return former;
    },
    get trainers() {
      return [...trainers];
    },
    get coordinatorSinceMs() {
      return coordinatorSinceMs;
    },
    trainerOf: (slot) => slots[slot]?.trainer,
    begin() {
      startCoordinator();
      follow(disk.wanted);
    },
    scale(wanted) {
      if (coordinator === undefined) return;
      const { process } = coordinator;
      process.run(() => coordinator?.scale(wanted));
      clock.after(100, () => follow(wanted));
    },
    stop() {
      isStopping = true;
      coordinator?.process.run(() => coordinator?.handle({ kind: 'stop' }));
    },
    killCoordinator: () => coordinator?.process.kill(),
    pauseCoordinator: () => coordinator?.process.pause(),
    resumeCoordinator() {
      for (const { process } of [coordinator, former].flatMap((one) => one ?? [])) {
        if (!process.isPaused) continue;
        coordinatorSinceMs = clock.nowMs;
        if (disk.owner !== process) wakeFormer(process);
        process.resume();
      }
    },
    takeOver() {
      if (coordinator?.process.isPaused !== true || former !== undefined) return;
      former = coordinator;
      startCoordinator();
    },
    cease() {
      longestAwayMs = 1_000;
      follow(disk.wanted);
    },
  };
}
