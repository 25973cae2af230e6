import { describe, expect, it } from 'vitest';
import { engineSettingsFrom } from './engine-settings.js';

describe('the settings of engines', () => {
  it.each([
    [{}, '/home/me/.local/share/gan-train/engines'],
    [{ XDG_DATA_HOME: '/data' }, '/data/gan-train/engines'],
    [{ XDG_DATA_HOME: 'relative' }, '/home/me/.local/share/gan-train/engines'],
    [{ XDG_DATA_HOME: '' }, '/home/me/.local/share/gan-train/engines'],
    [{ XDG_DATA_HOME: '/data', GAN_TRAIN_HOME: '/mine' }, '/mine/engines'],
  ])('with %j keep engines in %s', (env, folder) => {
    expect(engineSettingsFrom(env, '/home/me').enginesFolder).toBe(folder);
  });

  it('take a variable that is empty as not set', () => {
    const env = { GAN_TRAIN_TFJS_NODE: '', GAN_TRAIN_ONNX_PROVIDER: '' };
    expect(engineSettingsFrom(env, '/home/me')).toMatchObject({ named: undefined, onnxProvider: 'cpu' });
  });

  it('require a GPU only when asked to, and refuse another word', () => {
    expect(engineSettingsFrom({}).gpuRequired).toBe(false);
    expect(engineSettingsFrom({ GAN_TRAIN_GPU: 'required' }).gpuRequired).toBe(true);
    expect(() => engineSettingsFrom({ GAN_TRAIN_GPU: 'yes' })).toThrow(
      'GAN_TRAIN_GPU must be optional or required, not yes',
    );
  });

  it('refuse a provider that there is not', () => {
    expect(() => engineSettingsFrom({ GAN_TRAIN_ONNX_PROVIDER: 'gpu' })).toThrow(
      'GAN_TRAIN_ONNX_PROVIDER must be cpu or cuda, not gpu',
    );
  });
});
