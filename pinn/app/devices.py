"""Which devices a name stands for: `auto`, `cpu`, `gpu:1`, several that share the points, `gpu:0,1`, or `all`; and what
TensorFlow must be told of them before it starts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

AUTO, ALL = "auto", "all"
_GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"
_ONE = re.compile(r"(cpu|gpu)(?::(\d+))?")
_SEVERAL = re.compile(r"(?:cpu|gpu):\d+(?:\s*,\s*(?:(?:cpu|gpu):)?\d+)+")
_EXPECTED = (
    "device: expected auto, all, multiworker, cpu, gpu, one by its number such as gpu:1, or several of a kind such as "
    "gpu:0,1"
)

_share: ContextVar[int | None] = ContextVar("pinn_share_of_gpus", default=None)


def choose(name: str, available: Mapping[str, Sequence[str]], *, share: int = 0) -> tuple[str, ...]:
    """The devices that a name stands for, as TensorFlow writes them: `/GPU:1`.

    Args:
        name: `auto` (the first GPU, else the CPU), `all` (all GPUs, else all CPUs), `cpu`, `gpu`, `cpu:N`, `gpu:N`, or
            several of one kind, `gpu:0,1`, in any case.
        available: what the machine has, by kind: `{"cpu": ["/CPU:0"], "gpu": []}`.
        share: which of the jobs that run side by side this is: where any GPU would do, they take one after the other.

    Raises:
        ValueError: a name of another form, devices of two kinds, one twice, or one that is not there; the message
            lists those that are.
    """
    wanted = name.strip().lower()
    kind = "gpu" if available.get("gpu") else "cpu"
    if wanted == ALL and available.get(kind):
        return tuple(available[kind])
    if wanted in (AUTO, kind) and available.get(kind):
        return (available[kind][share % len(available[kind]) if kind == "gpu" else 0],)
    named = _numbered(wanted)
    reason = _fault(named, available)
    if reason is not None:
        here = [f"{kind}:{index}" for kind, all_of_kind in available.items() for index in range(len(all_of_kind))]
        raise ValueError(f"{_EXPECTED}; got {name!r}{reason}.\nThis machine has: {', '.join(here) or 'none'}.")
    return tuple(available[kind][number] for kind, number in named)


def _numbered(name: str) -> list[tuple[str, int]]:
    """`gpu:0,1` as kinds and numbers; a number takes the kind before it. None at all for a name of another form."""
    one = _ONE.fullmatch(name)
    if one:
        return [(one[1], int(one[2] or 0))]
    found: list[tuple[str, int]] = []
    for part in name.split(",") if _SEVERAL.fullmatch(name) else ():
        kind, _, number = part.strip().rpartition(":")
        found.append((kind or found[-1][0], int(number)))
    return found


def _fault(named: Sequence[tuple[str, int]], available: Mapping[str, Sequence[str]]) -> str | None:
    """What is wrong with a list of devices, as the end of a sentence."""
    if not named:
        return ""
    if len({kind for kind, _ in named}) > 1:
        return ", which are of two kinds"
    if len(set(named)) < len(named):
        return ", which names one twice"
    missing = [f"{kind}:{number}" for kind, number in named if number >= len(available.get(kind, ()))]
    return f", and there is no {', '.join(missing)}" if missing else None


@contextmanager
def share(number: int | None) -> Iterator[None]:
    """Inside, this process is number so-and-so of several that run side by side, and `auto` and `gpu` mean the GPU of
    that number, counted round where there are fewer. A process that is told before TensorFlow starts sees no other.
    `None`: it runs alone.

    So the jobs of a launcher and the workers of a search spread over the GPUs. Who was given GPUs of its own, by Slurm
    or by CUDA_VISIBLE_DEVICES, counts among those only.
    """
    token = _share.set(number)
    try:
        yield
    finally:
        _share.reset(token)


def number_of_job(hydra: Any) -> int | None:
    """The number of a job among those of a sweep, by Hydra's own config, where its launcher may run them side by side;
    `None` for a single run, and for Hydra's own launcher, which takes one after the other in one process.
    """
    several = str(hydra.mode).endswith("MULTIRUN") and not str(hydra.launcher["_target_"]).endswith("BasicLauncher")
    return int(hydra.job.num) if several else None


def settle(name: str) -> None:
    """Tell TensorFlow what a name asks of it before it starts its devices: GPUs take memory as they need it, the CPU is
    as many as are listed, and of those that run side by side each sees one GPU. To tell it again is no harm.

    Raises:
        ValueError: it has started without.
    """
    import tensorflow as tf

    gpus, wanted, number = tf.config.list_physical_devices("GPU"), name.strip().lower(), _share.get()
    if wanted in (AUTO, "gpu") and len(gpus) > 1 and number is not None:
        with suppress(RuntimeError):  # where it has started, `choose` alone decides
            tf.config.set_visible_devices(gpus[number % len(gpus)], "GPU")
    grow_memory(tf.config.get_visible_devices("GPU"))
    named = _numbered(wanted)
    if len(named) > 1 and {kind for kind, _ in named} == {"cpu"}:
        _divide_cpu([number for _, number in named])


def settle_early() -> None:
    """Have GPUs take memory as they need it, before something is computed that would start them with all of it taken.
    Where they are started, whoever did that has decided.
    """
    with suppress(ValueError):
        settle(AUTO)


def chosen(name: str) -> tuple[str, ...]:
    """The devices of this process that a name stands for; starts them.

    Raises:
        ValueError: as `choose` and `settle`.
    """
    settle(name)
    return choose(name, available(), share=_share.get() or 0)


def available() -> dict[str, list[str]]:
    """The logical devices of this process, by kind. Starts TensorFlow's devices; GPUs then take memory as they need it.

    Raises:
        ValueError: TensorFlow has started its GPUs already with all their memory taken.
    """
    import tensorflow as tf

    grow_memory(tf.config.get_visible_devices("GPU"))
    return {
        kind.lower(): [short(device.name) for device in tf.config.list_logical_devices(kind)] for kind in ("CPU", "GPU")
    }


def _divide_cpu(numbers: Sequence[int]) -> None:
    """Have as many logical CPUs as are asked for by the numbers from 0 on; others are refused as not there."""
    import tensorflow as tf

    cpu, count = tf.config.list_physical_devices("CPU")[0], len(numbers)
    present = tf.config.get_logical_device_configuration(cpu) or [None]
    if sorted(numbers) != list(range(count)) or len(present) >= count:
        return
    with in_time(f"{count} logical CPUs"):
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)


def grow_memory(gpus: Sequence[object]) -> None:
    """Lets each GPU take memory as it is needed rather than all of it at the start.

    Raises:
        ValueError: the GPUs are started and it is too late.
    """
    import tensorflow as tf

    if os.environ.get(_GROWTH, "").lower() == "true":  # TensorFlow heeds it, and `get_memory_growth` does not know
        return
    for gpu in gpus:
        if tf.config.experimental.get_memory_growth(gpu):
            continue
        with in_time("memory growth", f"set the environment variable {_GROWTH}=true"):
            tf.config.experimental.set_memory_growth(gpu, True)


@contextmanager
def in_time(what: str, instead: str = "run this in a process of its own") -> Iterator[None]:
    """What TensorFlow cannot apply any more is said in a sentence.

    Raises:
        ValueError: it has started.
    """
    try:
        yield
    except RuntimeError as error:
        raise ValueError(
            f"device: expected to be asked before TensorFlow starts, for {what}; it has started its devices.\n"
            f"Call pinn first, or {instead}."
        ) from error


def short(name: str) -> str:
    """`/device:CPU:0` as `/CPU:0`."""
    return name.replace("/device:", "/")
