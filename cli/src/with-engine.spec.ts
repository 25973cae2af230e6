import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { withEngine } from './with-engine.js';

/** What Node's own import throws: vitest has another one. */
async function importFails(specifier: string): Promise<never> {
  const code = `import(${JSON.stringify(specifier)}).catch(({ code, message }) => console.log(JSON.stringify({ code, message })))`;
  const answer = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
  });
  const error: Error = Object.assign(new Error(), JSON.parse(answer) as object);
  return Promise.reject(error);
}

const requireFails = async (specifier: string): Promise<unknown> =>
  Promise.resolve().then(() => createRequire(import.meta.url)(specifier) as unknown);

const thrownBy = async (compute: () => Promise<unknown>): Promise<unknown> =>
  withEngine(compute).catch((error: unknown) => error);

describe('what computes', () => {
  it.each([importFails, requireFails])(
    'is refused in words where the packages of an engine are not installed: %o',
    async (load) => {
      for (const name of ['@tensorflow/not-there', 'onnxruntime-not-there/package.json'])
        expect(await thrownBy(async () => load(name))).toMatchObject({
          code: 'bad_config',
          message: "this installation has no engine; use the trainer's image",
        });
    },
  );

  it('fails as it does where anything else is wrong', async () => {
    for (const load of [importFails, requireFails])
      expect(await thrownBy(async () => load('some-package-that-is-not-there'))).toMatchObject({
        code: expect.stringMatching(/MODULE_NOT_FOUND$/) as string,
      });
    const error = new Error("Cannot find package '@tensorflow/tfjs-core'");
    expect(await thrownBy(async () => Promise.reject(error))).toBe(error);
  });

  it('gives what it gives', async () => {
    expect(await withEngine(async () => Promise.resolve(3))).toBe(3);
  });
});
