import type { Effect, RunCore } from '@gan-train/coordinator/membership';
import { allRules, type Rules } from './rules.js';

/** A rule that is taken out, and the seed of a history that shows what it was for. */
export interface Mutation {
  rule: string;
  how: string;
  rules: Rules;
  seed: number;
  shows: RegExp;
}

const without = (changed: Partial<Rules>): Rules => ({ ...allRules, ...changed });

/** The core with some of what it is told left out or changed. */
const hearing = (
  change: (
    input: Parameters<RunCore['handle']>[1],
    core: RunCore,
  ) => Parameters<RunCore['handle']>[1] | undefined,
) =>
  without({
    core: (core) => ({
      ...core,
      get view() {
        return core.view;
      },
      handle(nowMs, input) {
        const changed = change(input, core);
        return changed === undefined ? [] : core.handle(nowMs, changed);
      },
    }),
  });

/** What is known of a run, made out to be something else. */
const believing = (lie: (core: RunCore) => void): Rules =>
  without({
    core: (core) => ({
      ...core,
      get view() {
        return core.view;
      },
      handle(nowMs, input) {
        lie(core);
        return core.handle(nowMs, input);
      },
    }),
  });

type Trainers = { status: string; generation: unknown; state: unknown; progress: unknown }[];
const trainersOf = (core: RunCore): Trainers => core.view.trainers as unknown as Trainers;
const change = (of: object, what: object): void => void Object.assign(of, what);

const startsOf = (effects: Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'send' && effect.message.start ? [effect.message.start] : []));

export const mutations: readonly Mutation[] = [
  {
    rule: 'a lower term is refused',
    how: 'the highest term that was seen is forgotten with every session',
    rules: without({
      heard(membership, nowMs, down, trainer) {
        if (down.config) down = { ...down, config: { ...down.config, term: trainer.terms.highest } };
        membership.heard(nowMs, down);
      },
    }),
    seed: 275,
    shows: /listens to term/,
  },
  {
    rule: 'nothing commits in a closed generation',
    how: 'the flip is not refused',
    rules: without({ commits: () => true, commitsWhenClosed: true }),
    seed: 8,
    shows: /in a generation that is closed/,
  },
  {
    rule: 'a pull of another generation is refused',
    how: 'what is asked for is served, whichever generation asks',
    rules: without({ servesAnyGeneration: true }),
    seed: 1449,
    shows: /computed once/,
  },
  {
    rule: 'rows are those of the generation that there is',
    how: 'rows of any generation are taken',
    rules: without({ fencesRows: false }),
    seed: 181,
    shows: /do not follow/,
  },
  {
    rule: 'nothing is decided while a checkpoint is put in its place',
    how: 'it is written beside the other turns',
    rules: without({ storesInTurn: false }),
    seed: 2156,
    shows: /do not follow/,
  },
  {
    rule: 'a state that is taken over is the one that the generation starts from',
    how: 'whatever comes is taken',
    rules: without({ checksWhatHeals: false }),
    seed: 54092,
    shows: /has other bits/,
  },
  {
    rule: 'a half-healed trainer holds nothing',
    how: 'the triple is taken on before the state is there',
    rules: without({
      onHealing(trainer, open) {
        const { control } = trainer;
        control.state = { ...control.state, triple: open.state };
      },
    }),
    seed: 194,
    shows: /has other bits/,
  },
  {
    rule: 'a generation starts when all members have said where they stand',
    how: 'who has not answered counts as standing still',
    rules: believing((core) => {
      if (core.view.stage.name !== 'closing' || !core.view.stage.atOnce) return;
      for (const trainer of trainersOf(core)) if (trainer.status === 'running') trainer.status = 'idle';
    }),
    seed: 16,
    shows: /is started while/,
  },
  {
    rule: 'a run goes on from the furthest state that there is',
    how: 'from that of who came first',
    rules: without({
      effects(effects, core) {
        for (const start of startsOf(effects)) {
          const [first] = core.view.trainers;
          if (first !== undefined) change(start, { state: first.state });
        }
        return effects;
      },
    }),
    seed: 9,
    shows: /starts from/,
  },
  {
    rule: 'trainers give their rows before they are counted as standing still',
    how: 'answers to prepare come without',
    rules: without({
      actions: (actions) => ({
        ...actions,
        send: (message) =>
          actions.send(message.prepared ? { prepared: { ...message.prepared, rows: [] } } : message),
      }),
    }),
    seed: 64,
    shows: /goes back/,
  },
  {
    rule: 'the coordinator that comes back closes the generation before it starts another',
    how: 'who says that it still computes counts as standing still',
    rules: hearing((input) => (input.kind === 'ready' ? { ...input, generation: undefined } : input)),
    seed: 8,
    shows: /is started while/,
  },
  {
    rule: 'a generation is on disk before members hear of it',
    how: 'it is not saved',
    rules: without({ effects: (effects) => effects.filter(({ kind }) => kind !== 'saveGeneration') }),
    seed: 683,
    shows: /is started while/,
  },
  {
    rule: 'rows of steps that are computed again are cut',
    how: 'they stay',
    rules: without({ effects: (effects) => effects.filter(({ kind }) => kind !== 'rewind') }),
    seed: 15,
    shows: /is stored after/,
  },
  {
    rule: 'who halts or drains serves its peers on',
    how: 'it closes at once',
    rules: without({ actions: (actions) => ({ ...actions, close: () => actions.close(false) }) }),
    seed: 1,
    shows: /does not end/,
  },
  {
    rule: 'replicas say their hashes before a checkpoint of them is stored',
    how: 'what they say is not heard',
    rules: hearing((input) => (input.kind === 'hash' ? undefined : input)),
    seed: 1,
    shows: /does not end/,
  },
  {
    rule: 'only who is at the root of a chain of waits is evicted',
    how: 'who waits for a peer counts as computing',
    rules: hearing((input) =>
      input.kind === 'progress' && input.progress.activity === 'WAITING_PEER'
        ? { ...input, progress: { ...input.progress, activity: 'COMPUTING' } }
        : input,
    ),
    seed: 31,
    shows: /though it waits/,
  },
  {
    rule: 'a trainer that is lost joins anew',
    how: 'it opens a session under its old name, and is refused for good',
    rules: without({
      heard(membership, nowMs, down) {
        if (down.refused?.code === 'fenced')
          down = { ...down, refused: { ...down.refused, code: 'refused' } };
        membership.heard(nowMs, down);
      },
    }),
    seed: 8,
    shows: /gives up/,
  },
  {
    rule: 'a coordinator that was paused blames nobody for the silence',
    how: 'ticks come as if it had not been',
    rules: without({
      core(core) {
        let lastMs = 0;
        return {
          ...core,
          get view() {
            return core.view;
          },
          handle(nowMs, input) {
            const missed: Effect[] = [];
            for (; input.kind === 'tick' && nowMs - lastMs > 1_000; lastMs += 900)
              if (lastMs > 0) missed.push(...core.handle(lastMs, input));
              else lastMs = nowMs;
            if (input.kind === 'tick') lastMs = nowMs;
            return [...missed, ...core.handle(nowMs, input)];
          },
        };
      },
    }),
    seed: 136,
    shows: /though it answers/,
  },
  {
    rule: 'wishes count in the phase in which all see them',
    how: 'each member follows its own',
    rules: without({ agreesOnWishes: false }),
    seed: 109,
    shows: /does not end/,
  },
  {
    rule: 'a coordinator that comes back waits for the step that it knows of',
    how: 'it does not wait',
    rules: without({ options: (options) => ({ ...options, rollbackMs: 0 }) }),
    seed: 9142,
    shows: /comes back in time/,
  },
  {
    rule: 'members are told to close at once when one is lost while they finish a phase',
    how: 'who was told to pause hears of no prepare',
    rules: without({
      core(core) {
        let paused = '';
        return {
          ...core,
          get view() {
            return core.view;
          },
          handle(nowMs, input) {
            const { id } = core.view.generation;
            const key = `${id.term}.${id.n}`;
            return core.handle(nowMs, input).filter((effect) => {
              if (effect.kind !== 'send') return true;
              if (effect.message.pause) paused = key;
              return !(effect.message.prepare && paused === key);
            });
          },
        };
      },
    }),
    seed: 104,
    shows: /though it answers/,
  },
  {
    rule: 'who leaves is let go when another one has its state, or it is stored',
    how: 'a state counts as stored when it is asked for',
    rules: believing((core) => {
      const { stage, trainers } = core.view;
      if (stage.name !== 'saving' || stage.then !== 'gather') return;
      const saver = trainers.find(({ incarnation }) => incarnation === stage.by);
      if (saver !== undefined) change(core.view, { stored: saver.state, isStoredInitial: false });
    }),
    seed: 45,
    shows: /let go/,
  },
];
