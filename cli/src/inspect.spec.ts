import { expect, it } from 'vitest';
import { inspect } from './inspect.js';

it.each([
  ['k8s:team/faces', 'for a run in a cluster use gan-train status k8s:team/faces'],
  ['10.0.0.1:7070', 'for a run that is live elsewhere use gan-train status 10.0.0.1:7070'],
])('says what to use for %s, which is no directory', async (run, todo) => {
  await expect(inspect(run, false)).rejects.toMatchObject({
    code: 'bad_config',
    what: 'inspect reads a run directory',
    todo,
  });
});
