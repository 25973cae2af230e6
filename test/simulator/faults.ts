import { coordinatorHost, hostOf, type Cluster } from './cluster.js';
import type { World } from './world.js';

/** What may go wrong, and how often compared with the rest. */
const kinds = {
  killTrainer: 4,
  killTrainers: 2,
  leaveOne: 1,
  killFurthest: 2,
  pauseTrainer: 3,
  leave: 2,
  cutSession: 3,
  cutOff: 3,
  cutPair: 2,
  isolate: 2,
  killCoordinator: 4,
  pauseCoordinator: 1,
  takeOver: 2,
  slow: 1,
  scale: 1,
} as const;
type Kind = keyof typeof kinds;

const lottery = (Object.keys(kinds) as Kind[]).flatMap((kind) => Array<Kind>(kinds[kind]).fill(kind));

/** Plans faults from the seed; returns when the last one is over. Everything that is away comes back by then. */
export function planFaults(
  world: World,
  cluster: Cluster,
  notes: { hasFlips: boolean; stops: boolean },
): number {
  const { clock, random } = world;
  // Most of them while it computes, and some while it starts or is about to end.
  const { steps, shards, shardMs, trainers } = world.settings;
  const spanMs = random.between(0.3, 1.2) * ((2 * steps * shards * shardMs) / Math.min(shards, trainers));
  const count = random.chance(0.05) ? 0 : 2 + random.int(random.chance(0.6) ? 6 : 16);
  let endMs = 0;
  const during = (atMs: number, forMs: number, begin: () => void, end: () => void): void => {
    clock.at(atMs, begin);
    clock.at(atMs + forMs, end);
    endMs = Math.max(endMs, atMs + forMs);
  };
  for (let i = 0; i < count; i++) {
    const atMs = random.chance(0.1) ? random.between(0, 1_000) : 1_000 + random.between(0, spanMs);
    const forMs = random.chance(0.5) ? random.between(50, 3_000) : random.between(1_000, 30_000);
    plan(random.pick(lottery), atMs, forMs);
  }
  if (notes.hasFlips) {
    const slot = anySlot();
    during(
      random.between(500, spanMs),
      0,
      () => flip(slot),
      () => undefined,
    );
  }
  if (notes.stops)
    during(
      random.between(500, spanMs),
      0,
      () => cluster.stop(),
      () => undefined,
    );
  clock.at(endMs + 1, () => {
    world.network.unblockAll();
    world.trace('faults', () => 'cease');
    for (const trainer of cluster.trainers) {
      trainer.slowness = 1;
      trainer.process.resume();
    }
    cluster.resumeCoordinator();
    cluster.cease();
  });
  return endMs;

  function anySlot(): number {
    return random.int(world.settings.trainers);
  }

  function flip(slot: number): void {
    const trainer = cluster.trainerOf(slot);
    if (trainer === undefined) return;
    trainer.flip = () => {
      trainer.flip = undefined;
      const { state } = trainer.control;
      trainer.control.state = { ...state, hash: state.hash ^ 1, isTainted: true };
      world.judge.flipped(trainer.control.state);
      world.trace(trainer.process.name, () => 'a bit flips');
    };
  }

  function furthest() {
    const at = ({ control }: (typeof cluster.trainers)[number]): number => {
      const { step, phase } = control.state.triple.position;
      return 2 * step + phase;
    };
    const most = Math.max(...cluster.trainers.map(at));
    return cluster.trainers.filter((trainer) => at(trainer) === most);
  }

  function plan(kind: Kind, atMs: number, forMs: number): void {
    const { network } = world;
    const slot = anySlot();
    const other = anySlot();
    const isolated = Array.from({ length: 8 }, (_, i) => i);
    const say = (what: string): void => world.trace('fault', () => what);
    const trainer = () => cluster.trainerOf(slot);
    const nothing = (): void => undefined;
    const pause = (): void => {
      say('the coordinator is paused');
      cluster.pauseCoordinator();
    };
    switch (kind) {
      case 'killTrainer':
        return during(atMs, 0, () => trainer()?.process.kill(), nothing);
      case 'killTrainers':
        return during(
          atMs,
          0,
          () => {
            for (const one of cluster.trainers) if (random.chance(0.8)) one.process.kill();
          },
          nothing,
        );
      // Who has the state is there, and can't say so for a while.
      case 'leaveOne':
        return during(
          atMs,
          15_000 + forMs,
          () => {
            const kept = random.pick(furthest());
            say(`only ${kept?.process.name} is left, and it can't reach the coordinator`);
            for (const one of cluster.trainers) if (one !== kept) one.process.kill();
            cluster.killCoordinator();
            if (kept !== undefined) network.block(kept.process.host, coordinatorHost);
          },
          () => {
            for (let host = 0; host < isolated.length; host++) network.unblock(hostOf(host), coordinatorHost);
          },
        );
      case 'killFurthest':
        return during(
          atMs,
          0,
          () => {
            for (const one of furthest().slice(0, 1 + random.int(2))) one.process.kill();
          },
          nothing,
        );
      case 'pauseTrainer': {
        let paused = trainer();
        return during(
          atMs,
          forMs,
          () => {
            paused = trainer();
            say(`${paused?.process.name} is paused`);
            paused?.process.pause();
          },
          () => paused?.process.resume(),
        );
      }
      case 'leave':
        return during(
          atMs,
          0,
          () => {
            const leaver = trainer();
            leaver?.process.run(() => leaver.leave());
          },
          nothing,
        );
      case 'cutSession':
        return during(
          atMs,
          0,
          () => {
            say(`the session of ${trainer()?.process.name} breaks`);
            trainer()?.stream?.cut();
          },
          nothing,
        );
      case 'cutOff':
        say(`${slot} and the coordinator can't reach each other`);
        return during(
          atMs,
          forMs,
          () => network.block(hostOf(slot), coordinatorHost),
          () => network.unblock(hostOf(slot), coordinatorHost),
        );
      case 'cutPair':
        return during(
          atMs,
          forMs,
          () => network.block(hostOf(slot), hostOf(other)),
          () => network.unblock(hostOf(slot), hostOf(other)),
        );
      case 'isolate':
        return during(
          atMs,
          forMs,
          () => isolated.forEach((host) => network.block(hostOf(slot), host)),
          () => isolated.forEach((host) => network.unblock(hostOf(slot), host)),
        );
      case 'killCoordinator':
        return during(atMs, 0, () => cluster.killCoordinator(), nothing);
      case 'pauseCoordinator':
        return during(atMs, forMs, pause, () => cluster.resumeCoordinator());
      case 'takeOver': {
        during(atMs, forMs, pause, () => cluster.resumeCoordinator());
        return during(atMs + random.between(100, forMs), 0, () => cluster.takeOver(), nothing);
      }
      case 'slow': {
        const slowness = random.between(2, 100);
        let slowed = trainer();
        return during(
          atMs,
          forMs,
          () => {
            slowed = trainer();
            if (slowed !== undefined) slowed.slowness = slowness;
          },
          () => {
            if (slowed !== undefined) slowed.slowness = 1;
          },
        );
      }
      case 'scale': {
        const wanted = 1 + random.int(6);
        return during(
          atMs,
          0,
          () => {
            say(`${wanted} trainers are wanted`);
            cluster.scale(wanted);
          },
          nothing,
        );
      }
    }
  }
}
