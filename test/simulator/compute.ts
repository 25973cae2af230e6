import { isSameTriple, type LossRow } from '@gan-train/rpc';
import { call } from './call.js';
import type { Upload } from './coordinator.js';
import { fetchState } from './heal.js';
import { nameOfTriple, nextPlace, stateAfter, type Place } from './state.js';
import type { OpenGeneration, Reduced } from './generation.js';
import type { Trainer } from './trainer.js';
import type { World } from './world.js';

export type Order =
  | { kind: 'start'; open: OpenGeneration }
  | { kind: 'saveState'; generation: Upload['generation'] }
  | { kind: 'done' };

/** The compute thread: one order after the other; while it computes it hears nothing. As services/trainer/src/train.ts. */
export interface Compute {
  push(order: Order): void;
  /** Starts taking orders. */
  begin(): void;
}

export function createCompute(world: World, trainer: Trainer): Compute {
  const { random, rules, settings } = world;
  const { process, control } = trainer;
  const orders: Order[] = [];
  let isReady = false;
  let isBusy = false;
  let agreed = { stop: false, pause: false, checkpoint: false };
  let checkpointAtMs = world.clock.nowMs;
  /** An upload that is under way, and who waits for its end. */
  let uploading: (() => void)[] | undefined;

  function next(): void {
    const order = isReady && !isBusy ? orders.shift() : undefined;
    if (order === undefined) return;
    isBusy = true;
    const done = (): void => {
      isBusy = false;
      next();
    };
    if (order.kind === 'start') heal(order.open, done);
    else if (order.kind === 'saveState') upload(true, order.generation, done);
    else trainer.end();
  }

  const isOpen = (open: OpenGeneration): boolean => control.serial === open.serial;

  function heal(open: OpenGeneration, end: () => void): void {
    if (open.isHealer) {
      const { state } = control;
      process.after(random.between(0, 30), () => open.hold(state));
    }
    if (!open.heals) {
      begin(open, end);
      return;
    }
    if (open.isClosed) {
      end();
      return;
    }
    report({ ...open.state.position }, 'HEALING');
    let isHealed = false;
    open.onClose(() => process.run(() => (isHealed ? undefined : end())));
    rules.onHealing(trainer, open);
    fetchState(world, process, open, (fetched) => {
      if (!rules.commits(control, open)) return;
      // A newer checkpoint than the generation starts from: that is over, and this trainer doesn't know yet.
      if (rules.checksWhatHeals && !isSameTriple(fetched.triple, open.state)) return;
      isHealed = true;
      control.state = { ...fetched, triple: open.state };
      world.judge.healed(trainer, control.state);
      begin(open, end);
    });
  }

  function begin(open: OpenGeneration, end: () => void): void {
    agreed = { stop: false, pause: false, checkpoint: false };
    goOn(open, end);
  }

  const report = ({ step, phase }: Place, activity: typeof control.activity): void => {
    control.step = step;
    control.phase = phase;
    control.activity = activity;
    control.sinceMs = world.clock.nowMs;
    control.shardsDone = 0;
  };

  const isOver = (step: number): boolean => step > settings.steps || agreed.stop;

  function goOn(open: OpenGeneration, end: () => void): void {
    const place = nextPlace(control.state.triple.position);
    if (place.phase === 0 && isOver(place.step)) drain(open, end);
    else runPhase(open, place, end);
  }

  function runPhase(open: OpenGeneration, place: Place, end: () => void): void {
    const { start, rank } = open;
    const member = start.members[rank];
    const shards = member?.shardCount ?? 0;
    let isEnded = false;
    const stop = (): void => {
      if (isEnded) return;
      isEnded = true;
      end();
    };
    if (open.isClosed) {
      stop();
      return;
    }
    report(place, 'WAITING_DATA');
    let isComputing = false;
    // While it computes it hears of nothing: it looks when it is through.
    open.onClose(() => process.run(() => (isComputing ? undefined : stop())));
    if (start.members.length > 1) {
      open.allReduce(place, (reduced) => {
        // A member is in another generation: this one is told so soon.
        if (reduced === undefined) {
          if (!isComputing) stop();
          else isRefused = true;
        } else if (!isEnded) {
          isEnded = true;
          commit(open, place, reduced, end);
        }
      });
    }
    let isRefused = false;
    trainer.items(open, place, () => {
      if (isEnded) return;
      report(place, 'COMPUTING');
      isComputing = true;
      const wished = {
        stop: control.stopWished,
        pause: control.pauseWished,
        checkpoint:
          place.phase === 1 && rank === 0 && world.clock.nowMs - checkpointAtMs >= settings.checkpointMs,
      };
      process.after(trainer.phaseMs(shards), () => {
        isComputing = false;
        if (shards > 0) control.shardSeconds = trainer.shardMs() / 1_000;
        const partial = {
          by: trainer.incarnation,
          firstShard: member?.firstShard ?? 0,
          shardCount: shards,
          parent: control.state.hash,
          isTainted: control.state.isTainted,
          // A member without shards adds nothing to a sum.
          stop: wished.stop && shards > 0,
          pause: wished.pause && shards > 0,
          checkpoint: wished.checkpoint && shards > 0,
        };
        if (!isOpen(open) || isRefused) {
          stop();
          return;
        }
        report(place, 'WAITING_PEER');
        if (start.members.length > 1) open.publish(place, partial);
        else {
          isEnded = true;
          commit(open, place, alone(open, place, partial), end);
        }
      });
    });
  }

  const alone = (
    open: OpenGeneration,
    place: Place,
    partial: Parameters<OpenGeneration['publish']>[1],
  ): Reduced => {
    let sum: Reduced | undefined;
    // Without others it is done at once.
    open.allReduce(place, (reduced) => (sum = reduced));
    open.publish(place, partial);
    return sum as Reduced;
  };

  function commit(open: OpenGeneration, place: Place, reduced: Reduced, end: () => void): void {
    if (!rules.commits(control, open)) {
      end();
      return;
    }
    const triple = { generation: open.id, position: place };
    control.state = stateAfter(
      control.state,
      reduced.gradient,
      triple,
      control.state.isTainted || reduced.isTainted,
    );
    trainer.flip?.();
    world.judge.commits(trainer, control.state, open);
    open.release();
    // What the sum says, and not what this one wishes: all do the same after the same phase.
    const wished = rules.agreesOnWishes ? reduced : { stop: control.stopWished, pause: control.pauseWished };
    agreed = {
      stop: agreed.stop || wished.stop,
      pause: agreed.pause || wished.pause,
      checkpoint: agreed.checkpoint || reduced.checkpoint,
    };
    if (place.phase === 1) endStep(open, place.step);
    if (place.phase === 1 && isOver(place.step + 1)) drain(open, end);
    else if (agreed.pause) {
      trainer.halted(open);
      end();
    } else goOn(open, end);
  }

  function endStep(open: OpenGeneration, step: number): void {
    const { rows } = control.state;
    const row = {
      step,
      dLoss: rows?.dLoss ?? 0,
      gLoss: rows?.gLoss ?? 0,
      dReal: 0,
      dFake: 0,
      imagesPerSecond: 0,
      skippedPhases: 0,
    };
    trainer.addRow(row satisfies LossRow);
    if (isOver(step + 1)) return;
    if (step % settings.guardEvery === 0 || agreed.checkpoint) trainer.hashed();
    if (open.rank === 0 && agreed.checkpoint) upload(false, open.id, () => undefined);
    agreed.checkpoint = false;
  }

  /** What the last step leaves behind; who can't store it halts, and the next generation does. */
  function drain(open: OpenGeneration, end: () => void): void {
    report(control.state.triple.position, 'WAITING_PEER');
    trainer.hashed();
    const drained = (): void => {
      trainer.drained(open);
      end();
    };
    if (open.rank !== 0) drained();
    else
      upload(true, open.id, (isStored) => {
        if (isStored) drained();
        else {
          trainer.halted(open);
          end();
        }
      });
  }

  /** One at a time; a final one waits for the one before, and is tried until a coordinator has it or won't have it. */
  function upload(final: boolean, generation: Upload['generation'], done: (isStored: boolean) => void): void {
    if (uploading !== undefined) {
      if (final) uploading.push(() => upload(final, generation, done));
      else done(false);
      return;
    }
    uploading = [];
    world.trace(
      process.name,
      () => `sends ${nameOfTriple(control.state.triple)}${final ? ', the last' : ''}`,
    );
    checkpointAtMs = world.clock.nowMs;
    const { state } = control;
    const settle = (isStored: boolean): void => {
      const waiting = uploading ?? [];
      uploading = undefined;
      done(isStored);
      for (const work of waiting) work();
    };
    const attempt = (backoffMs: number): void => {
      trainer.sendProgress();
      const coordinator = world.coordinator();
      const end = call<true>(
        world,
        process,
        coordinator?.process,
        (answer) => coordinator?.putCheckpoint(answer, { state, final, generation }),
        {
          answered() {
            end();
            settle(true);
          },
          failed(failure) {
            world.trace(process.name, () => `could not store its state: ${failure}`);
            if (final && failure === 'lost')
              process.after(backoffMs, () => attempt(Math.min(2 * backoffMs, 2_000)));
            else settle(false);
          },
        },
      );
    };
    attempt(200);
  }

  return {
    push(order) {
      orders.push(order);
      next();
    },
    begin() {
      isReady = true;
      next();
    },
  };
}
