import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own, which can be broken and mended while it is used. */
export interface Disk {
  /** To be called again until it shows: what is being written may hold it up. */
  break(): void;
  mend(): void;
  unmount(): void;
}

const run = (file: string, ...args: string[]): void =>
  void execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });

function mountMemory(path: string, sizeMb: number): void {
  mkdirSync(path, { recursive: true });
  run('mount', '-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', path);
}

/** Breaking it fills it to the last byte: ENOSPC. */
export function createFullDisk(path: string): Disk {
  mountMemory(path, 16);
  const filler = join(path, '.filler');
  return {
    break() {
      for (const bytes of [1 << 20, 4096]) {
        try {
          for (;;) appendFileSync(filler, Buffer.alloc(bytes));
        } catch {
          // No more of these.
        }
      }
    },
    mend: () => rmSync(filler, { force: true }),
    unmount: () => run('umount', '--lazy', path),
  };
}

/** Breaking it makes it read-only: EROFS. */
export function createReadOnlyDisk(path: string): Disk {
  mountMemory(path, 64);
  return {
    break() {
      try {
        run('mount', '-o', 'remount,ro', path);
      } catch {
        // While a file is open for writing.
      }
    },
    mend: () => run('mount', '-o', 'remount,rw', path),
    unmount: () => run('umount', '--lazy', path),
  };
}

/**
 * Breaking it makes syncs fail with EIO: it lies in a file of another file system, which is then not to be changed any more. It has no
 * journal, which would end all writes at the first failure.
 */
export function createFailingDisk(path: string): Disk {
  const [memory, outer] = [`${path}-memory`, `${path}-outer`];
  const image = join(outer, 'image');
  const mountImage = (file: string, target: string, sizeMb: number, ...options: string[]): void => {
    mkdirSync(target, { recursive: true });
    run('truncate', '--size', `${sizeMb}M`, file);
    run('mkfs.ext4', '-q', ...options, file);
    // Its loop device goes with the mount.
    run('mount', '-o', 'loop', file, target);
  };
  mountMemory(memory, 96);
  mountImage(join(memory, 'image'), outer, 80);
  mountImage(image, path, 32, '-O', '^has_journal');
  return {
    break: () => run('chattr', '+i', image),
    mend: () => run('chattr', '-i', image),
    unmount() {
      for (const target of [path, outer, memory]) run('umount', '--lazy', target);
    },
  };
}
