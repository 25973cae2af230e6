import { describe, expect, it } from 'vitest';
import { createProgram } from './program.js';
import { defaultTensorflow, nvidiaWheelsFrom, tensorflowFromFlag } from './engine-version.js';

describe('the version of TensorFlow', () => {
  it('is the default, which the help names, when none is given', () => {
    expect(tensorflowFromFlag()).toBe(defaultTensorflow);
    const program = createProgram(new AbortController().signal, () => undefined);
    const engine = program.commands.find((command) => command.name() === 'engine');
    const help = engine?.commands.find((command) => command.name() === 'add')?.helpInformation();
    expect(help).toContain(`(default: ${defaultTensorflow})`);
  });

  it.each(['2.12.1', '2.15.1', '2.21.0', '3.0.0'])('may be %s', (version) => {
    expect(tensorflowFromFlag(version)).toBe(version);
  });

  it.each(['2.12.0', '2.9.1', '1.15.5', '2.16', 'v2.16.2', '2.16.2rc0', ' '])('may not be %j', (version) => {
    expect(() => tensorflowFromFlag(version)).toThrow(version);
  });
});

describe("NVIDIA's wheels", () => {
  it('are those of the extra and-cuda, in both ways that tools write them', () => {
    const metadata = [
      'Metadata-Version: 2.1',
      'Requires-Dist: numpy <2.0.0,>=1.23.5 ; python_version <= "3.11"',
      "Requires-Dist: nvidia-cublas-cu12 ==12.3.4.1 ; extra == 'and-cuda'",
      "Requires-Dist: nvidia-cudnn-cu12 (==8.9.7.29) ; extra == 'and-cuda'",
      "Requires-Dist: nvidia-nccl-cu12==2.19.3; extra == 'and-cuda'",
      "Requires-Dist: nvidia-other-cu12 ==1.0 ; extra == 'and-other'",
      '',
      'Requires-Dist: nvidia-cublas-cu12 is what the description says of and-cuda',
    ].join('\n');
    expect(nvidiaWheelsFrom(metadata)).toEqual([
      'nvidia-cublas-cu12==12.3.4.1',
      'nvidia-cudnn-cu12==8.9.7.29',
      'nvidia-nccl-cu12==2.19.3',
    ]);
  });

  it('are none where TensorFlow asks for none', () => {
    expect(nvidiaWheelsFrom('Requires-Dist: numpy\n')).toEqual([]);
  });
});
