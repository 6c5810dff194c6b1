"""What a run computes on: one device, several that share the points, or those of several processes."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, final

from pinn.app.cluster import MULTIWORKER, Cluster
from pinn.app.devices import chosen, grow_memory, in_time, settle, short

if TYPE_CHECKING:
    import tensorflow as tf

    from pinn.training import Replicas
    from pinn.training.agreement import Together


class LostProcessError(RuntimeError):
    """A process of a run has gone, and left the others alone."""


@final
@dataclass(frozen=True)
class Running:
    """What a run computes on.

    Attributes:
        devices: those of this process, as TensorFlow writes them: `/GPU:1`. The first one leads: what is not shared is
            computed there.
        replicas: the same, and those of other processes, where they share the points; `None` for one device.
    """

    devices: tuple[str, ...]
    replicas: Replicas | None = None

    @property
    def lead(self) -> str:
        """The first of the devices."""
        return self.devices[0]

    @property
    def place(self) -> str:
        """The full name of the first one, which says of which process it is."""
        return self.lead if self.replicas is None else self.replicas.lead

    @property
    def number(self) -> int:
        """How many share the points."""
        return 1 if self.replicas is None else self.replicas.number

    @property
    def together(self) -> Together:
        """Numbers to the largest that any of the processes has."""
        return tuple if self.replicas is None else self.replicas.largest

    def say_alone(self, what: str) -> None:
        """Warn that something runs on the first device only, where there are several."""
        if self.number > 1:
            warnings.warn(
                f"device: {what} has no share for other devices; it is computed on {self.lead} alone.", stacklevel=2
            )

    def described(self, number: int) -> str:
        """The devices in words, of which so many have shared the points of a run."""
        if self.replicas is None:
            return self.lead
        where, by = ", ".join(self.devices), "MirroredStrategy"
        if self.replicas.processes > 1:
            where, by = f"{where} of each of {self.replicas.processes} processes", "MultiWorkerMirroredStrategy"
        return f"{where} by {by}" if number > 1 else f"{self.lead}, alone of {where}"


def prepare(name: str) -> None:
    """Settle whatever TensorFlow must know of the devices of a run before it starts them: call it before anything else
    is computed. To call it again is no harm.

    Raises:
        ValueError: TensorFlow has started without; or this is no process of a cluster, and should be one.
    """
    if _is_multiworker(name):
        _together(Cluster.of(os.environ))
    else:
        settle(name)


@contextmanager
def on(name: str) -> Iterator[Running]:
    """Everything inside is computed on the device with this name, or on the first of several.

    Raises:
        ValueError: as `choose` and `prepare`.
        LostProcessError: another process has gone.
    """
    import tensorflow as tf

    prepare(name)
    running = _running(name)
    try:
        with tf.device(running.place):
            yield running
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError) as error:
        if running.replicas is None or running.replicas.processes == 1:
            raise
        raise LostProcessError(
            "another process of the run has ended or is out of reach; its own words say why"
        ) from error


def agreed(name: str, status: int) -> int:
    """The largest exit status of all processes that work on a run, and so that of each of them."""
    (found,) = _running(name).together((float(status),)) if _is_multiworker(name) else (status,)
    return int(found)


def _running(name: str) -> Running:
    if _is_multiworker(name):
        return _together(Cluster.of(os.environ))
    devices = chosen(name)
    return Running(devices) if len(devices) == 1 else _mirrored(devices)


@cache
def _mirrored(devices: tuple[str, ...]) -> Running:
    """Several devices of this process; the same ones are the same strategy."""
    import tensorflow as tf

    return _shared(tf.distribute.MirroredStrategy(list(devices)))


@cache
def _together(cluster: Cluster) -> Running:
    """All devices of all processes of a cluster; returns when the others are there."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    number, count = cluster.neighbours
    with in_time("the processes of a cluster"):
        if 1 < count <= len(gpus) and not os.environ.get("CUDA_VISIBLE_DEVICES"):
            tf.config.set_visible_devices(gpus[number::count], "GPU")
    grow_memory(tf.config.get_visible_devices("GPU"))
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(cluster.workers)}),
        task_type="worker",
        task_id=cluster.index,
        rpc_layer="grpc",
    )
    with in_time("the processes of a cluster"), request_to_end_kept():
        return _shared(tf.distribute.MultiWorkerMirroredStrategy(resolver))


@contextmanager
def request_to_end_kept() -> Iterator[None]:
    """TensorFlow takes SIGTERM when it joins a cluster, and does nothing on it: whoever had it has it back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread() and before is not None:
        signal.signal(signal.SIGTERM, before)


def _shared(strategy: tf.distribute.Strategy) -> Running:
    from pinn.training import Replicas

    full = tuple(map(str, strategy.extended.worker_devices))
    devices = tuple(short("/" + name.rpartition("/")[2]) for name in full)
    return Running(devices, Replicas(strategy, full[0]) if strategy.num_replicas_in_sync > 1 else None)


def _is_multiworker(name: str) -> bool:
    return name.strip().lower() == MULTIWORKER
