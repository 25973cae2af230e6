import { call, type Answer, type Failure } from './call.js';
import type { OpenGeneration } from './generation.js';
import type { Process } from './process.js';
import { hashOf, initialState, type State } from './state.js';
import type { World } from './world.js';

/** As services/trainer/src/comm/heal.ts: the state that a generation starts from. Calls back unless the generation is closed before. */
export function fetchState(
  world: World,
  process: Process,
  open: OpenGeneration,
  done: (state: State) => void,
): void {
  const { members, source } = open.start;
  const ask = (what: Parameters<typeof askFor>[3], got: (state: State) => void): void =>
    askFor(world, process, open, what, got);
  if (source === 'INITIAL') done(initialState(world.settings.seed));
  else if (source === 'CHECKPOINT') ask({ from: 'coordinator' }, done);
  else {
    const holders = members.filter((member) => member.holds);
    const slices: State[] = [];
    for (const { address } of holders) {
      ask({ from: address }, (slice) => {
        slices.push(slice);
        if (slices.length === holders.length) done(wholeOf(slices));
      });
    }
  }
}

/** Slices of different states are no state that anybody else has. */
function wholeOf(slices: readonly State[]): State {
  const [first] = slices as [State];
  if (slices.every(({ hash }) => hash === first.hash)) return first;
  return {
    ...first,
    hash: hashOf(...slices.map(({ hash }) => hash)),
    isTainted: slices.some((s) => s.isTainted),
  };
}

/** Tried again until it is there: a member that hasn't begun the generation yet refuses. */
function askFor(
  world: World,
  process: Process,
  open: OpenGeneration,
  what: { from: string },
  got: (state: State) => void,
): void {
  const again = (backoffMs: number): void => {
    if (open.isClosed) return;
    const coordinator = what.from === 'coordinator' ? world.coordinator() : undefined;
    const peer = what.from === 'coordinator' ? coordinator?.process : world.trainerAt(what.from)?.process;
    const serve = (answer: Answer<State>): void => {
      if (coordinator !== undefined) {
        coordinator.getCheckpoint(answer);
        return;
      }
      const generation = world.trainerAt(what.from)?.generation;
      if (generation === undefined) answer.fail('fenced');
      else generation.serveState(open.id, answer);
    };
    const end = call<State>(world, process, peer, serve, {
      answered(state) {
        end();
        if (!open.isClosed) got(state);
      },
      failed(failure: Failure) {
        if (failure === 'missing') throw new Error('a checkpoint is to be had that there isn’t');
        process.after(backoffMs, () => again(Math.min(2 * backoffMs, 500)));
      },
    });
    open.onClose(end);
  };
  again(10);
}
