/**
 * A member's sums, for members on the same host: a file in memory, which these read instead of pulling bytes through gRPC. That is
 * one copy by the kernel on either side, where a pull costs several and the work of HTTP/2.
 *
 * The file has no name: it's found as what another process holds open, and is gone when both have closed it, however they end.
 */
import type { Position } from '@gan-train/rpc';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';

const memoryFolder = '/dev/shm';
const tokenBytes = 32;

/** What a member tells the others: see `ShareReply` in the contract. */
export interface SharedSumsAddress {
  pid: number;
  fd: number;
  token: Buffer;
}

/** What both sides know of a member's sums: the lengths of the phases' buffers, and how many roots it has. */
export interface SumsLayout {
  lengths: readonly number[];
  roots: number;
}

/** A range of one array of a phase: the partial sum of a root, or the reduced sum. */
export interface SumsPlace {
  phase: number;
  /** The root's index; undefined for the reduced sum. */
  root: number | undefined;
  /** Its first element. */
  start: number;
}

/** A member's file, for its sums of one generation after the other: memory that was used before is there at once. */
export interface SharedMemory {
  /**
   * Room for the sums of another generation; undefined where there is no such memory: other systems than Linux, a container without
   * it. What it held before can't be read any more.
   */
  sums(layout: SumsLayout): SharedSums | undefined;
  close(): void;
}

export interface SharedSums {
  readonly address: SharedSumsAddress;
  /** Puts what is final at a step in its place, once. False when there is no room. */
  put(position: Position, place: SumsPlace, values: Float32Array): boolean;
  /** Puts bytes of the state, from its byte `start` on, behind the sums. False when there is no room: none are kept then. */
  putState(start: number, bytes: Uint8Array): boolean;
  /** Nobody wants the state any more. */
  dropState(): void;
  /** Nothing is put there any more. */
  close(): void;
}

/** Sums of another process. */
export interface PeerSums {
  /** Throws `protocol` when they are not there, `fenced` when others are there by now, `cancelled` after `close`. */
  read(place: SumsPlace, target: Float32Array): void;
  /** Bytes of the state, from its byte `start` on. Throws as `read`. */
  readState(start: number, target: Uint8Array): void;
  close(): void;
}

export function createSharedMemory(folder = memoryFolder): SharedMemory {
  const fd = openUnnamed(folder);
  let present: SharedSums | undefined;
  return {
    sums(layout) {
      present?.close();
      // Before anything else is written: whoever reads what was there finds out.
      const token = randomBytes(tokenBytes);
      present = fd !== undefined && writeAll(fd, token, 0) ? sumsAt(fd, token, layout) : undefined;
      return present;
    },
    close() {
      present?.close();
      if (fd !== undefined) closeSync(fd);
    },
  };
}

function openUnnamed(folder: string): number | undefined {
  try {
    const path = join(folder, `gan-train-${randomBytes(tokenBytes).toString('hex')}`);
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return fd;
  } catch {
    return undefined;
  }
}

function sumsAt(fd: number, token: Buffer, layout: SumsLayout): SharedSums {
  /** Steps at which places were last written. */
  const steps = new Map<number, number>();
  // The number of a closed file may soon be another file's.
  let open = true;
  const stateAt = endOfSums(layout);
  let hasState = false;
  const dropState = (): void => {
    if (open && hasState) ftruncateSync(fd, stateAt);
    hasState = false;
  };
  return {
    address: { pid: process.pid, fd, token },
    put({ step }, place, values) {
      const at = byteOfPlace(layout, place);
      if (steps.get(at) === step) return true;
      if (!open || !writeAll(fd, bytesOf(values), at)) return false;
      steps.set(at, step);
      return true;
    },
    putState(start, bytes) {
      if (!open) return false;
      hasState = true;
      const isPut = writeAll(fd, bytes, stateAt + start);
      if (!isPut) dropState();
      return isPut;
    },
    dropState,
    close() {
      open = false;
    },
  };
}

/** The sums at an address, if this process can read them: if it's on the same host, and of the same user. */
export function openPeerSums(
  { pid, fd: theirFd, token }: SharedSumsAddress,
  layout: SumsLayout,
): PeerSums | undefined {
  if (pid === 0) return undefined;
  let fd: number;
  try {
    // Not blocking: on another host it could be anything, such as a pipe that nobody writes to.
    fd = openSync(`/proc/${pid}/fd/${theirFd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  if (!isSharedSums(fd, token)) {
    closeSync(fd);
    return undefined;
  }
  let open = true;
  const readAll = (bytes: Uint8Array, at: number): void => {
    if (!open) throw new GanTrainError('cancelled', 'the generation is closed');
    for (let done = 0; done < bytes.length;) {
      const count = readSync(fd, bytes, done, bytes.length - done, at + done);
      if (count === 0) throw new GanTrainError('protocol', `sums end at byte ${at + done}`);
      done += count;
    }
    if (!isSharedSums(fd, token))
      throw new GanTrainError('fenced', 'the sums of another generation are there now');
  };
  return {
    read: (place, target) => readAll(bytesOf(target), byteOfPlace(layout, place)),
    readState: (start, target) => readAll(target, endOfSums(layout) + start),
    close() {
      open = false;
      closeSync(fd);
    },
  };
}

function isSharedSums(fd: number, token: Buffer): boolean {
  if (token.length !== tokenBytes || !fstatSync(fd).isFile()) return false;
  const found = Buffer.alloc(tokenBytes);
  return readSync(fd, found, 0, tokenBytes, 0) === tokenBytes && found.equals(token);
}

/** The arrays lie one after the other, phase by phase; what nobody writes takes no memory. */
function byteOfPlace({ lengths, roots }: SumsLayout, { phase, root = roots, start }: SumsPlace): number {
  const before = lengths.slice(0, phase).reduce((sum, length) => sum + (roots + 1) * length, 0);
  return tokenBytes + 4 * (before + root * (lengths[phase] ?? 0) + start);
}

const endOfSums = (layout: SumsLayout): number =>
  byteOfPlace(layout, { phase: layout.lengths.length, root: 0, start: 0 });

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function writeAll(fd: number, bytes: Uint8Array, at: number): boolean {
  try {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    }
    return true;
  } catch {
    return false;
  }
}
