import { appendFile } from 'node:fs';
import { Writable } from 'node:stream';

/**
 * Keeps what processes say in a file. What the disk doesn't take is dropped, so that nobody who speaks waits for it: `onNote` is told
 * when that begins.
 */
export function createProcessLog(path: string, onNote: (note: string) => void): Writable {
  let isFailing = false;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      appendFile(path, chunk, (error) => {
        if (error !== null && !isFailing) onNote(`lines are missing from ${path}: ${error.message}`);
        isFailing = error !== null;
        done();
      });
    },
  });
}
