"""Which device computes: `auto`, `cpu`, `gpu`, or one of several by its number, `gpu:1`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

AUTO = "auto"
_NAME = re.compile(r"(?P<kind>cpu|gpu)(?::(?P<number>\d+))?", flags=re.IGNORECASE)


def choose(name: str, available: Mapping[str, Sequence[str]]) -> str:
    """The device a name stands for, as TensorFlow writes it: `/GPU:1`.

    Args:
        name: `auto` (the first GPU, else the CPU), `cpu`, `gpu`, `cpu:N`, `gpu:N`, in any case.
        available: what the machine has, by kind: `{"cpu": ["/CPU:0"], "gpu": []}`.

    Raises:
        ValueError: a name of another form, or a device that is not there; the message lists those that are.
    """
    wanted = name.strip().lower()
    if wanted == AUTO:
        wanted = "gpu" if available.get("gpu") else "cpu"
    found = _NAME.fullmatch(wanted)
    devices = available.get(found["kind"], ()) if found else ()
    number = int(found["number"] or 0) if found else 0
    if number >= len(devices):
        here = [f"{kind}:{index}" for kind, all_of_kind in available.items() for index in range(len(all_of_kind))]
        raise ValueError(
            f"device: expected one of auto, cpu, gpu or a numbered one such as gpu:1; got {name!r}.\n"
            f"This machine has: {', '.join(here) or 'none'}."
        )
    return devices[number]


def available() -> dict[str, list[str]]:
    """The logical devices of this process, by kind. Starts TensorFlow's devices; GPUs then take memory as they need it.

    Raises:
        RuntimeError: TensorFlow has started its GPUs already with all their memory taken.
    """
    import tensorflow as tf

    grow_memory(tf.config.list_physical_devices("GPU"))
    return {
        kind.lower(): [_short(device.name) for device in tf.config.list_logical_devices(kind)]
        for kind in ("CPU", "GPU")
    }


@contextmanager
def on(name: str) -> Iterator[str]:
    """Everything inside is computed on the device with this name; yields the device, `/CPU:0`.

    Raises:
        ValueError: as `choose`.
        RuntimeError: as `available`.
    """
    import tensorflow as tf

    device = choose(name, available())
    with tf.device(device):
        yield device


def grow_memory(gpus: Sequence[object]) -> None:
    """Lets each GPU take memory as it is needed rather than all of it at the start.

    Raises:
        RuntimeError: the GPUs are started and it is too late.
    """
    import tensorflow as tf

    for gpu in gpus:
        if tf.config.experimental.get_memory_growth(gpu):
            continue
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError as error:
            raise RuntimeError(
                "device: memory growth must be set before TensorFlow starts its GPUs, and it has started them.\n"
                "Call pinn first, or set the environment variable TF_FORCE_GPU_ALLOW_GROWTH=true."
            ) from error


def _short(name: str) -> str:
    """`/device:CPU:0` as `/CPU:0`."""
    return name.replace("/device:", "/")
