import { execFileSync } from 'node:child_process';
import type { Place } from '@gan-train/cli';

/** The coordinator, or a trainer by its index. */
export type Member = 'coordinator' | number;

/** What is wrong with the network until it is healed. */
export interface NetworkFault {
  /** Packets that it has kept from getting through. */
  packets(): number;
  /** Idempotent. */
  heal(): void;
}

/** A network of its own for each member of a cluster, joined by a bridge to which the test belongs too. */
export interface Lab {
  placeOf(member: Member): Place;
  /** Packets from one member to another are dropped, without a word to either; `both` ways or only this one. */
  cut(from: Member, to: Member, ways: 'both' | 'oneWay'): NetworkFault;
  /** Cuts a member from all others, both ways. */
  isolate(member: Member): NetworkFault;
  /** Answers to what a member asks get lost: what carries bytes is dropped, what only says that bytes came passes. */
  loseAnswers(from: Member, to: Member): NetworkFault;
  /** Whatever is sent on a connection between two members resets it, and so are attempts to make one. */
  reset(a: Member, b: Member): NetworkFault;
  /** The next packet from one member to another resets its connection; what follows passes. */
  resetOnce(from: Member, to: Member): NetworkFault;
  /** Connections between two members are reset when so many bytes have passed through them. */
  resetAfterBytes(a: Member, b: Member, bytes: number): NetworkFault;
  /** What a member sends takes its time; `packets` counts those that had to wait. */
  slow(member: Member, rate: string): NetworkFault;
  /** Packets of a member, and of those that connect to it from now on, are so small. */
  shrinkPackets(member: Member, bytes: number): void;
  /** The largest pieces that a member's connections cut their bytes into. */
  segmentBytes(member: Member): number[];
  /** All is well with the network again. */
  heal(): void;
  /** For when the processes are gone. */
  close(): void;
}

const bridge = 'lab';
const device = 'eth0';
const subnet = '10.77.0';
/** More than what only confirms bytes has, headers and selective acknowledgements included. */
const leastCarrierBytes = 90;

const nameOf = (member: Member): string => (member === 'coordinator' ? member : `trainer-${member}`);
/** The end of its link that lies in the test's own namespace. */
const outerOf = (member: Member): string => `to-${nameOf(member)}`;
const addressOf = (member: Member): string => `${subnet}.${member === 'coordinator' ? 2 : 10 + member}`;

function run(...words: string[]): string {
  const [file, ...args] = words as [string, ...string[]];
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const runIn = (member: Member, ...words: string[]): string =>
  run('ip', 'netns', 'exec', nameOf(member), ...words);

export function createLab(trainers: number): Lab {
  const members: Member[] = ['coordinator', ...Array.from({ length: trainers }, (_, i) => i)];
  const faults = new Set<NetworkFault>();
  run('ip', 'link', 'add', bridge, 'type', 'bridge');
  run('ip', 'address', 'add', `${subnet}.1/24`, 'dev', bridge);
  run('ip', 'link', 'set', bridge, 'up');
  members.forEach(connect);

  function reject(from: Member, to: Member, ...which: string[]): NetworkFault {
    // The resets themselves pass.
    const others = ['-p', 'tcp', '-s', addressOf(from), '--tcp-flags', 'RST', 'NONE'];
    return addRule(to, ...others, ...which, '-j', 'REJECT', '--reject-with', 'tcp-reset');
  }

  const rejectBoth = (a: Member, b: Member, ...which: string[]): NetworkFault =>
    keep([reject(a, b, ...which), reject(b, a, ...which)]);

  function keep(parts: readonly NetworkFault[]): NetworkFault {
    const fault: NetworkFault = {
      packets: () => parts.reduce((sum, part) => sum + part.packets(), 0),
      heal() {
        if (!faults.delete(fault)) return;
        for (const part of parts) part.heal();
      },
    };
    faults.add(fault);
    return fault;
  }

  return {
    placeOf: (member) => ({ through: throughOf(member), host: addressOf(member) }),
    cut: (from, to, ways) => keep([drop(from, to), ...(ways === 'both' ? [drop(to, from)] : [])]),
    isolate(member) {
      const others = members.filter((other) => other !== member);
      return keep(others.flatMap((other) => [drop(member, other), drop(other, member)]));
    },
    loseAnswers(from, to) {
      const carriers = ['-p', 'tcp', '-m', 'length', '--length', `${leastCarrierBytes}:65535`];
      return keep([addRule(to, '-s', addressOf(from), ...carriers, '-j', 'DROP')]);
    },
    reset: (a, b) => rejectBoth(a, b),
    resetOnce: (from, to) =>
      keep([reject(from, to, '-m', 'limit', '--limit', '1/hour', '--limit-burst', '1')]),
    resetAfterBytes(a, b, bytes) {
      const passed = ['--connbytes', `${bytes}:`, '--connbytes-dir', 'both', '--connbytes-mode', 'bytes'];
      return rejectBoth(a, b, '-m', 'connbytes', ...passed);
    },
    slow(member, rate) {
      const queue = ['dev', device, 'root', 'tbf', 'rate', rate, 'burst', '16kb', 'latency', '400ms'];
      runIn(member, 'tc', 'qdisc', 'replace', ...queue);
      return keep([
        {
          packets: () => {
            const shown = runIn(member, 'tc', '-s', 'qdisc', 'show', 'dev', device);
            return Number(/overlimits (\d+)/.exec(shown)?.[1] ?? 0);
          },
          heal: () => void runIn(member, 'tc', 'qdisc', 'del', 'dev', device, 'root'),
        },
      ]);
    },
    shrinkPackets: (member, bytes) => void runIn(member, 'ip', 'link', 'set', device, 'mtu', String(bytes)),
    segmentBytes: (member) =>
      [...runIn(member, 'ss', '-tin').matchAll(/ mss:(\d+)/g)].map(([, bytes]) => Number(bytes)),
    heal() {
      for (const fault of faults) fault.heal();
    },
    close() {
      for (const member of members) {
        // A namespace that goes takes its links with it, but later.
        run('ip', 'link', 'del', outerOf(member));
        run('ip', 'netns', 'del', nameOf(member));
      }
      run('ip', 'link', 'del', bridge);
    },
  };
}

function connect(member: Member): void {
  const name = nameOf(member);
  const outer = outerOf(member);
  run('ip', 'netns', 'add', name);
  run('ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', device, 'netns', name);
  run('ip', 'link', 'set', outer, 'master', bridge, 'up');
  runIn(member, 'ip', 'address', 'add', `${addressOf(member)}/24`, 'dev', device);
  for (const link of [device, 'lo']) runIn(member, 'ip', 'link', 'set', link, 'up');
}

/** Trainers have no memory to share, so that all their bytes go through the network. */
function throughOf(member: Member): string[] {
  const words = ['ip', 'netns', 'exec', nameOf(member)];
  const hidden = 'mount -t tmpfs -o ro tmpfs /dev/shm && exec "$@"';
  return member === 'coordinator' ? words : [...words, 'sh', '-c', hidden, 'sh'];
}

let made = 0;

const drop = (from: Member, to: Member): NetworkFault => addRule(to, '-s', addressOf(from), '-j', 'DROP');

/** A rule for what comes in at a member. */
function addRule(member: Member, ...rule: string[]): NetworkFault {
  const iptables = (...words: string[]): string => runIn(member, 'iptables', '-w', ...words);
  const name = `fault-${++made}`;
  const named = ['INPUT', '-m', 'comment', '--comment', name, ...rule];
  iptables('-A', ...named);
  const count = (): number => {
    const line = iptables('-S', 'INPUT', '-v')
      .split('\n')
      .find((one) => one.split(' ').includes(name));
    return Number(/ -c (\d+) /.exec(line ?? '')?.[1] ?? 0);
  };
  let counted: number | undefined;
  return {
    packets: () => counted ?? count(),
    heal() {
      counted = count();
      iptables('-D', ...named);
    },
  };
}
