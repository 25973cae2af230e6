import { isSameGeneration, noGeneration, tripleFromMessage, type Start, type Triple } from '@gan-train/rpc';
import { call, type Answer, type Failure } from './call.js';
import type { Process } from './process.js';
import { gradientOf, hashOf, type Place, type State } from './state.js';
import type { World } from './world.js';

/** What a member makes of its shards: the state that it computed from stands for the gradient. */
export interface Partial {
  by: string;
  firstShard: number;
  shardCount: number;
  parent: number;
  isTainted: boolean;
  stop: boolean;
  pause: boolean;
  checkpoint: boolean;
}

/** A finished part of the sum, from its owner. */
export interface Reduced {
  gradient: number;
  isTainted: boolean;
  stop: boolean;
  pause: boolean;
  checkpoint: boolean;
}

type Reply = { partial: Partial } | { reduced: Reduced };

interface Slot {
  step: number;
  partial: Partial | undefined;
  reduced: Reduced | undefined;
}

/** This trainer's place in one generation, as services/trainer/src/comm/generation.ts. */
export interface OpenGeneration {
  readonly start: Start;
  readonly serial: number;
  readonly id: Triple['generation'];
  readonly state: Triple;
  readonly rank: number;
  readonly heals: boolean;
  readonly isHealer: boolean;
  readonly isClosed: boolean;
  waiting(): { waitingFor: number[]; unreachable: number[] };
  /** `done` gets undefined when a member refuses: it is in another generation already. Nothing once this one is closed. */
  allReduce(place: Place, done: (reduced: Reduced | undefined) => void): void;
  publish(place: Place, partial: Partial): void;
  serve(asked: { generation: Triple['generation']; place: Place }, answer: Answer<Reply>): void;
  /** What is given to those that heal. */
  hold(state: State): void;
  release(): void;
  serveState(asked: Triple['generation'], answer: Answer<State>): void;
  /** Calls back when the generation is closed. */
  onClose(work: () => void): void;
  close(): void;
}

export function openGeneration(
  world: World,
  {
    process,
    start,
    serial,
    incarnation,
  }: { process: Process; start: Start; serial: number; incarnation: string },
): OpenGeneration {
  const { members } = start;
  const id = start.generation ?? noGeneration;
  const rank = members.findIndex((member) => member.incarnation === incarnation);
  const heals = members[rank]?.holds !== true;
  const slots: Slot[] = [0, 1].map(() => ({ step: 0, partial: undefined, reduced: undefined }));
  // Which bits come out depends on who computes, but where it mustn't.
  const by = world.settings.options.exact ? 0 : hashOf(id.term, id.n, members.length);
  const asked = new Map<number, number>();
  const silent = new Set<number>();
  /** Members that have begun the generation too. */
  const met = new Set<number>();
  const closing: (() => void)[] = [];
  let looks: (() => boolean)[] = [];
  let held: State | undefined;
  let isReleased = false;
  let isClosed = false;

  const changed = (): void => {
    if (looks.length > 0) looks = looks.filter((look) => !look());
  };
  const until = (look: () => boolean): void => {
    if (!look()) looks.push(look);
  };

  /** Partials of everybody who has shards, and then the parts of all: what they sum up to is the same for all of them. */
  function allReduce(place: Place, done: (reduced: Reduced | undefined) => void): void {
    const slot = slots[place.phase] as Slot;
    slot.step = place.step;
    slot.partial = undefined;
    slot.reduced = undefined;
    const partials: (Partial | undefined)[] = members.map(() => undefined);
    const parts: (Reduced | undefined)[] = members.map(() => undefined);
    let isDone = false;
    const finish = (reduced: Reduced | undefined): void => {
      if (isDone || isClosed) return;
      isDone = true;
      done(reduced);
    };
    const gather = (): void => {
      if (
        slot.reduced === undefined &&
        members.every((member, i) => partials[i] ?? member.shardCount === 0)
      ) {
        slot.reduced = sumOf(partials, place);
        parts[rank] = slot.reduced;
        changed();
      }
      if (parts.every((part) => part !== undefined)) finish(wholeOf(parts));
    };
    until(() => {
      if (isClosed || isDone || slot.step !== place.step) return true;
      if (slot.partial === undefined) return false;
      partials[rank] = slot.partial;
      gather();
      return true;
    });
    members.forEach((_, i) => {
      if (i === rank) return;
      pull(i, place, {
        answered(reply) {
          if ('partial' in reply) partials[i] = reply.partial;
          else parts[i] = reply.reduced;
          gather();
        },
        isDone: () => isDone || isClosed || parts[i] !== undefined,
        failed: () => finish(undefined),
      });
    });
    changed();
  }

  /** What breaks is asked for again; what is refused isn't. */
  function pull(
    from: number,
    place: Place,
    hooks: { answered: (reply: Reply) => void; isDone: () => boolean; failed: () => void },
  ): void {
    asked.set(from, (asked.get(from) ?? 0) + 1);
    const settled = (): void => {
      asked.set(from, (asked.get(from) ?? 1) - 1);
      silent.delete(from);
    };
    const again = (backoffMs: number): void => {
      if (isClosed) return;
      const member = members[from]?.address ?? '';
      const end = call<Reply>(world, process, world.trainerAt(member)?.process, serveIt, {
        answered(reply) {
          if (isClosed) return;
          silent.delete(from);
          met.add(from);
          hooks.answered(reply);
          if (!hooks.isDone()) return;
          end();
          settled();
        },
        failed(failure: Failure) {
          if (isClosed) return;
          if (failure === 'fenced' && met.has(from)) {
            settled();
            hooks.failed();
            return;
          }
          if (failure === 'lost') silent.add(from);
          else silent.delete(from);
          process.after(backoffMs, () => again(Math.min(2 * backoffMs, 1_000)));
        },
      });
      closing.push(end);
      function serveIt(answer: Answer<Reply>): void {
        const serving = world.trainerAt(member)?.generation;
        if (serving === undefined) answer.fail('fenced');
        else serving.serve({ generation: id, place }, answer);
      }
    };
    again(20);
  }

  function sumOf(partials: readonly (Partial | undefined)[], place: Place): Reduced {
    const there = partials.filter((partial) => partial !== undefined);
    world.judge.sums(id, place, there);
    return {
      gradient: gradientOf(
        there.filter(({ shardCount }) => shardCount > 0).map(({ parent }) => parent),
        place,
        by,
      ),
      isTainted: there.some(({ isTainted }) => isTainted),
      stop: there.some(({ stop }) => stop),
      pause: there.some(({ pause }) => pause),
      checkpoint: there.some(({ checkpoint }) => checkpoint),
    };
  }

  return {
    start,
    serial,
    id,
    state: tripleFromMessage(start.state),
    rank,
    heals,
    isHealer: !heals && members.some(({ holds }) => !holds),
    get isClosed() {
      return isClosed;
    },
    waiting: () => ({
      waitingFor: [...new Set([...[...asked].filter(([, count]) => count > 0).map(([i]) => i), ...silent])],
      unreachable: [...silent],
    }),
    allReduce,
    publish(place, partial) {
      const slot = slots[place.phase] as Slot;
      if (slot.step !== place.step) return;
      slot.partial = partial;
      changed();
    },
    serve({ generation, place }, answer) {
      if (!world.rules.servesAnyGeneration && !isSameGeneration(generation, id)) {
        answer.fail('fenced');
        return;
      }
      const slot = slots[place.phase] as Slot;
      const told = { partial: false, reduced: false };
      until(() => {
        if (answer.isOver) return true;
        if (isClosed || slot.step > place.step) {
          answer.fail('fenced');
          return true;
        }
        if (slot.step < place.step) return false;
        if (slot.partial !== undefined && !told.partial) answer.reply({ partial: slot.partial });
        told.partial ||= slot.partial !== undefined;
        if (slot.reduced !== undefined && !told.reduced) answer.reply({ reduced: slot.reduced });
        told.reduced ||= slot.reduced !== undefined;
        return told.partial && told.reduced;
      });
    },
    hold(state) {
      held = state;
      changed();
    },
    release() {
      isReleased = true;
      changed();
    },
    serveState(generation, answer) {
      if (!isSameGeneration(generation, id)) answer.fail('fenced');
      else
        until(() => {
          if (isClosed || isReleased) answer.fail('fenced');
          else if (held === undefined) return answer.isOver;
          else answer.reply(held);
          return true;
        });
    },
    onClose: (work) => void closing.push(work),
    close() {
      if (isClosed) return;
      isClosed = true;
      changed();
      for (const work of closing) work();
    },
  };
}

/** Parts of different sums make a sum that nobody else has. */
function wholeOf(parts: readonly Reduced[]): Reduced {
  const [first] = parts as [Reduced];
  const isWhole = parts.every(({ gradient }) => gradient === first.gradient);
  const gradient = isWhole ? first.gradient : hashOf(...parts.map((part) => part.gradient));
  return { ...first, gradient, isTainted: parts.some(({ isTainted }) => isTainted) };
}
