import { initialTriple } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { expect, it } from 'vitest';
import type { GenerationOrder } from './comm-calls.js';
import { controlFromBuffer, createControlBuffer } from './control.js';
import { trainGeneration } from './train.js';
import type { Training } from './training.js';

/** A trainer that is to take a state over, and what its communication thread says to that. */
function healing(thrown: GanTrainError) {
  const control = controlFromBuffer(createControlBuffer());
  const seen: string[] = [];
  const call = async (name: string): Promise<never> => {
    seen.push(`${name} ${control.progress().activity}`);
    return Promise.reject(thrown);
  };
  const training = { control, comm: { call }, state: { triple: initialTriple } } as unknown as Training;
  const order = {
    serial: 1,
    steps: 0,
    heals: true,
    state: { ...initialTriple, position: { step: 7, phase: 0 } },
  } as unknown as GenerationOrder;
  return { control, seen, training: trainGeneration(training, order) };
}

it('a trainer whose generation was closed is idle, whatever it was at', async () => {
  const { control, seen, training } = healing(new GanTrainError('cancelled', 'the generation is over'));
  await training;
  expect(seen).toEqual(['heal HEALING']);
  expect(control.progress()).toMatchObject({ activity: 'IDLE', shardsDone: 0 });
});

it('any other failure is the trainer’s', async () => {
  const { training } = healing(new GanTrainError('io', 'the disk is full'));
  await expect(training).rejects.toThrow('the disk is full');
});
