"""The processes that work on one run together, as Slurm or the variable TF_CONFIG tell each of them.

    TF_CONFIG='{"cluster": {"worker": ["host1:12345", "host2:12345"]}, "task": {"type": "worker", "index": 0}}'

A step of Slurm (`srun`, or submitit with several tasks) needs no such variable: its own say how many tasks there are,
on which nodes, and which of them this is. The first process is the chief, which alone writes the run folder.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

MULTIWORKER = "multiworker"
TF_CONFIG = "TF_CONFIG"
_SLURM = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST", "SLURM_STEP_TASKS_PER_NODE", "SLURM_JOB_ID")
# Below the ports that Linux hands out by itself; another job on the same node is unlikely to get the same.
_FIRST_PORT, _PORTS = 15_000, 15_000
_EXAMPLE = '{"cluster": {"worker": ["host1:12345", "host2:12345"]}, "task": {"type": "worker", "index": 0}}'


@final
@dataclass(frozen=True)
class Cluster:
    """Where all processes listen, `host:port`, the chief first, and which of them this one is."""

    workers: tuple[str, ...]
    index: int

    @property
    def chief(self) -> bool:
        """Whether this process writes the run folder."""
        return self.index == 0

    @property
    def neighbours(self) -> tuple[int, int]:
        """Which of the processes on its host this one is, and how many those are."""
        hosts = [worker.rpartition(":")[0] for worker in self.workers]
        here = hosts[self.index]
        return hosts[: self.index].count(here), hosts.count(here)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Cluster:
        """The cluster that environment variables tell of.

        Raises:
            ValueError: none of them does, or in a form that says nothing.
        """
        if environment.get(TF_CONFIG):
            return _from_tf_config(environment[TF_CONFIG])
        if all(environment.get(name) for name in _SLURM):
            return _from_slurm({name: environment[name] for name in _SLURM})
        raise ValueError(
            f"device={MULTIWORKER}: expected a process of a cluster, which {TF_CONFIG} or Slurm tells of; got neither "
            f"{TF_CONFIG} nor the variables of a step of Slurm.\n"
            f"Start each process by srun, or set {TF_CONFIG}='{_EXAMPLE}'."
        )


def is_follower(device: str, environment: Mapping[str, str]) -> bool:
    """Whether this process helps another one with its run, which is the one to write and to speak."""
    if device.strip().lower() != MULTIWORKER:
        return False
    try:
        return not Cluster.of(environment).chief
    except ValueError:
        return False  # nobody to follow; what is wrong is said where the cluster is asked for


def _from_tf_config(text: str) -> Cluster:
    try:
        found: Any = json.loads(text)
        jobs = {str(name): [str(address) for address in addresses] for name, addresses in found["cluster"].items()}
        kind, index = str(found["task"]["type"]), int(found["task"]["index"])
        workers = (*jobs.pop("chief", []), *jobs.pop("worker", []))
        place = index + (len(found["cluster"].get("chief", [])) if kind == "worker" else 0)
        fits = not jobs and kind in ("chief", "worker") and kind in found["cluster"] and 0 <= place < len(workers)
        fits = fits and all(re.fullmatch(r".+:\d+", worker) for worker in workers)
        fits = fits and len(set(workers)) == len(workers)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unreadable(text) from error
    if not fits:
        raise _unreadable(text)
    return Cluster(workers, place)


def _unreadable(text: str) -> ValueError:
    return ValueError(
        f"{TF_CONFIG}: expected where each process listens, and which of them this one is, such as {_EXAMPLE};\n"
        f"got {text}"
    )


def _from_slurm(step: Mapping[str, str]) -> Cluster:
    """Tasks are dealt out to the nodes in blocks, as Slurm does unless it is told otherwise."""
    process, tasks, nodes, per_node, job = step.values()
    try:
        port = _FIRST_PORT + int(job) % _PORTS
        placed = zip(expanded(nodes), _counts(per_node), strict=True)
        workers = tuple(f"{host}:{port + local}" for host, count in placed for local in range(count))
        fits = len(workers) == int(tasks) and 0 <= int(process) < len(workers)
    except ValueError:
        fits = False
    if not fits:
        told = ", ".join(f"{name}={value}" for name, value in step.items())
        raise ValueError(
            f"device={MULTIWORKER}: expected the variables of a step of Slurm; got {told}.\n"
            f"Set {TF_CONFIG} in their place."
        )
    return Cluster(workers, int(process))


def _counts(text: str) -> Iterator[int]:
    """`2(x3),1` as 2, 2, 2, 1."""
    for part in text.split(","):
        found = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part)
        if not found:
            raise ValueError(text)
        yield from itertools.repeat(int(found[1]), int(found[2] or 1))


def expanded(text: str) -> list[str]:
    """The hosts of a list as Slurm writes it: `n[08-10,12],login` as n08, n09, n10, n12, login.

    Raises:
        ValueError: brackets that do not fit.
    """
    parts = re.findall(r"(?:[^,\[\]]|\[[^\[\]]*\])+", text)
    if ",".join(parts) != text:
        raise ValueError(text)
    return [host for part in parts for host in _hosts(part)]


def _hosts(pattern: str) -> Iterator[str]:
    """Those of one pattern, which may have several brackets."""
    pieces = re.split(r"\[([^\]]*)\]", pattern)
    choices = [list(_numbers(piece)) if k % 2 else [piece] for k, piece in enumerate(pieces)]
    yield from ("".join(chosen) for chosen in itertools.product(*choices))


def _numbers(ranges: str) -> Iterator[str]:
    """`08-10,12` as 08, 09, 10, 12."""
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        last = last or first
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
            raise ValueError(ranges)
        yield from (f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1))
