import type { RunOptions } from '@gan-train/coordinator/membership';
import type { Coordinator } from './coordinator.js';
import type { Disk } from './disk.js';
import type { Judge } from './judge.js';
import type { Rules } from './rules.js';
import type { Place } from './stream.js';
import type { Trainer } from './trainer.js';

/** What a history is about; its seed decides it. */
export interface Settings {
  seed: number;
  steps: number;
  shards: number;
  /** Trainers wanted at first. */
  trainers: number;
  options: RunOptions;
  guardEvery: number;
  checkpointMs: number;
  reconnectMs: number;
  /** Items don't fit the trainers' caches: steps need the coordinator. */
  fetchesItems: boolean;
  shardMs: number;
}

/** Everything that there is in one history. */
export interface World extends Place {
  settings: Settings;
  rules: Rules;
  judge: Judge;
  disk: Disk;
  /** Who answers where trainers look for their coordinator. */
  coordinator(): Coordinator | undefined;
  trainerAt(address: string): Trainer | undefined;
  trace(who: string, what: () => string): void;
}
