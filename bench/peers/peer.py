"""What the peer programs share: arguments, the processes of a data-parallel run, the clock and the report.

A program calls `begin` before it imports its framework, which reads the environment when it is imported, then makes a
step and hands it to `measure`. The process that was started is rank 0: it starts the other ranks, and prints the report.
"""

import argparse
import hashlib
import json
import math
import os
import platform
import socket
import stat
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

MODELS = ("mnist", "seed32", "seed64")

# Steps before the clock runs, as in `gan-train bench step`: graphs are traced, memory is allocated.
WARM_UP_STEPS = 3


@dataclass
class Peer:
    """One process of a run."""

    model: str
    batch: int
    """Real images a step and process."""
    trainers: int
    threads: int
    """Threads that one operation may use."""
    steps: int
    """Steps that are timed."""
    variants: frozenset
    rank: int
    ports: list
    """A free port of this machine for each rank."""
    others: list = field(default_factory=list)

    def has(self, variant):
        return variant in self.variants


def begin(description, variants=(), one_process=False):
    """Reads the arguments, sets the environment for `threads`, and starts the other ranks when this is rank 0."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--batch", type=int, required=True, help="real images a step and process")
    parser.add_argument("--trainers", type=int, default=1, choices=[1] if one_process else None, help="processes")
    parser.add_argument("--threads", type=int, default=1, help="threads a process")
    parser.add_argument("--steps", type=int, required=True, help="steps to time")
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        choices=variants,
        help="another way than the default, which is the fastest of those tried (README.md); may be repeated",
    )
    parser.add_argument("--rank", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--ports", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ.update(
        OMP_NUM_THREADS=str(asked.threads), CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="2"
    )
    _end_with_parent()
    peer = Peer(
        asked.model,
        asked.batch,
        asked.trainers,
        asked.threads,
        asked.steps,
        frozenset(asked.variant),
        asked.rank,
        asked.ports or _free_ports(asked.trainers),
    )
    if peer.rank == 0:
        peer.others = [_Rank(rank, peer.ports) for rank in range(1, peer.trainers)]
    return peer


def measure(peer, step, weights, parameters, versions):
    """Times `step`, which returns D's and G's loss as floats, and reports.

    weights: gives, after the steps, the bytes of this process' weights; data-parallel ranks must end with the same.
    parameters: numbers of G's and of D's parameters.
    """
    for _ in range(WARM_UP_STEPS):
        step()
    seconds = []
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(peer.steps):
        started = time.perf_counter()
        losses = step()
        seconds.append(time.perf_counter() - started)
    cpus = (time.process_time() - cpu) / (time.perf_counter() - wall)
    if not all(math.isfinite(loss) for loss in losses):
        sys.exit(f"the losses are {losses} after {peer.steps} steps")
    mine = {"cpus": cpus, "weights": hashlib.sha256(weights()).hexdigest()}
    if peer.rank > 0:
        print(json.dumps(mine), flush=True)
        return
    ranks = [mine] + [other.report() for other in peer.others]
    if len({rank["weights"] for rank in ranks}) > 1:
        sys.exit("the ranks ended with different weights: this was no data-parallel training")
    step_seconds = statistics.median(seconds)
    g, d = parameters
    report = {
        "model": peer.model,
        "batch": peer.batch,
        "trainers": peer.trainers,
        "threads": peer.threads,
        "steps": peer.steps,
        "imagesPerSecond": peer.batch * peer.trainers / step_seconds,
        "ms": {"step": 1000 * step_seconds},
        "cpus": [rank["cpus"] for rank in ranks],
        "parameters": {"g": g, "d": d},
        "losses": {"d": losses[0], "g": losses[1]},
        "variants": sorted(peer.variants),
        "versions": {"python": platform.python_version(), **versions},
    }
    print(json.dumps(report), flush=True)


class _Rank:
    """Another rank: this program again, which ends when this process does."""

    def __init__(self, rank, ports):
        command = [sys.executable, *sys.argv, "--rank", str(rank), "--ports", json.dumps(ports)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self):
        self._output = self._process.stdout.read()
        # Without it rank 0 might wait in a collective for ever; it said why itself.
        if self._process.wait() != 0:
            os._exit(1)

    def report(self):
        self._thread.join()
        return json.loads(self._output.splitlines()[-1])


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def _end_with_parent():
    """A pipe on standard input is closed when the process that holds it dies. Terminals and files say nothing."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def wait():
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
