import type { Effect, RunCore, RunOptions } from '@gan-train/coordinator/membership';
import type { Membership, TrainerActions } from '@gan-train/trainer/membership';
import type { Control } from './control.js';
import type { OpenGeneration } from './generation.js';
import type { Trainer } from './trainer.js';

/** Where rules of the protocol can be taken out, to see that something then fails. */
export interface Rules {
  options(options: RunOptions): RunOptions;
  core(core: RunCore): RunCore;
  effects(effects: Effect[], core: RunCore): Effect[];
  membership(membership: Membership): Membership;
  actions(actions: TrainerActions): TrainerActions;
  heard(
    membership: Membership,
    nowMs: number,
    down: Parameters<Membership['heard']>[1],
    trainer: Trainer,
  ): void;
  /** Whether a commit of a generation is taken. */
  commits(control: Control, open: OpenGeneration): boolean;
  /** Told when a trainer begins to take a state over. */
  onHealing(trainer: Trainer, open: OpenGeneration): void;
  commitsWhenClosed: boolean;
  servesAnyGeneration: boolean;
  agreesOnWishes: boolean;
  /** Rows are taken of the generation that there is, and of no other. */
  fencesRows: boolean;
  /** A checkpoint is stored in the generation that it is sent in, and in no other. */
  fencesUploads: boolean;
  storesInTurn: boolean;
  /** A state that is taken over is the one that the generation starts from. */
  checksWhatHeals: boolean;
}

export const allRules: Rules = {
  core: (core) => core,
  effects: (effects) => effects,
  membership: (membership) => membership,
  actions: (actions) => actions,
  heard: (membership, nowMs, down) => membership.heard(nowMs, down),
  commits: (control, open) => control.serial === open.serial,
  onHealing: () => undefined,
  commitsWhenClosed: false,
  servesAnyGeneration: false,
  agreesOnWishes: true,
  options: (options) => options,
  fencesRows: true,
  fencesUploads: true,
  storesInTurn: true,
  checksWhatHeals: true,
};
