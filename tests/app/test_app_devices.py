"""The choice of a device: a pure function over what is there, and the real thing in a process with two CPUs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pytest

from pinn.app.devices import choose, grow_memory

NONE: Mapping[str, Sequence[str]] = {"cpu": ["/CPU:0"], "gpu": []}
TWO_CPUS: Mapping[str, Sequence[str]] = {"cpu": ["/CPU:0", "/CPU:1"], "gpu": []}
TWO_GPUS: Mapping[str, Sequence[str]] = {"cpu": ["/CPU:0"], "gpu": ["/GPU:0", "/GPU:1"]}

CHOSEN = [
    ("auto", NONE, "/CPU:0"),
    ("auto", TWO_GPUS, "/GPU:0"),
    ("cpu", TWO_GPUS, "/CPU:0"),
    ("cpu:1", TWO_CPUS, "/CPU:1"),
    ("gpu", TWO_GPUS, "/GPU:0"),
    ("gpu:1", TWO_GPUS, "/GPU:1"),
    ("GPU:1", TWO_GPUS, "/GPU:1"),
    (" Auto ", NONE, "/CPU:0"),
]

REFUSED = [
    ("gpu", NONE, "cpu:0"),
    ("gpu:1", NONE, "cpu:0"),
    ("gpu:2", TWO_GPUS, "cpu:0, gpu:0, gpu:1"),
    ("cpu:2", TWO_CPUS, "cpu:0, cpu:1"),
    ("tpu", TWO_GPUS, "cpu:0, gpu:0, gpu:1"),
    ("gpu:", TWO_GPUS, "cpu:0, gpu:0, gpu:1"),
    ("gpu:-1", TWO_GPUS, "cpu:0, gpu:0, gpu:1"),
    ("", NONE, "cpu:0"),
    ("cpu", {}, "none"),
]


@pytest.mark.parametrize(("name", "available", "device"), CHOSEN, ids=[f"{n}->{d}" for n, _, d in CHOSEN])
def test_chosen(name: str, available: Mapping[str, Sequence[str]], device: str) -> None:
    assert choose(name, available) == device


@pytest.mark.parametrize(("name", "available", "here"), REFUSED, ids=[f"{n!r} of {h}" for n, _, h in REFUSED])
def test_refused(name: str, available: Mapping[str, Sequence[str]], here: str) -> None:
    with pytest.raises(ValueError, match=r"^device: ") as caught:
        choose(name, available)
    assert str(caught.value) == (
        f"device: expected one of auto, cpu, gpu or a numbered one such as gpu:1; got {name!r}.\n"
        f"This machine has: {here}."
    )


def test_memory_growth_that_comes_too_late_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    grown: list[str] = []

    def set_growth(gpu: str, growth: bool) -> None:
        if gpu == "started":
            raise RuntimeError("Physical devices cannot be modified after being initialized")
        grown.append(gpu)

    fake = SimpleNamespace(get_memory_growth=lambda gpu: gpu == "growing", set_memory_growth=set_growth)
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=SimpleNamespace(experimental=fake)))
    grow_memory(["growing", "fresh"])
    assert grown == ["fresh"]
    with pytest.raises(RuntimeError, match="device: memory growth must be set before TensorFlow starts its GPUs"):
        grow_memory(["started"])


def test_two_logical_cpus_compute_where_they_are_told() -> None:
    script = """
import tensorflow as tf
from pinn.app.devices import available, on
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
print(available()["cpu"])
for name in ("cpu:1", "cpu"):
    with on(name) as device:
        print(device, tf.add(1.0, 2.0).device[-5:])
try:
    with on("cpu:2"):
        pass
except ValueError as error:
    print(str(error).splitlines()[1])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "['/CPU:0', '/CPU:1']"
    assert lines[1:3] == ["/CPU:1 CPU:1", "/CPU:0 CPU:0"]
    assert lines[3].startswith("This machine has: cpu:0, cpu:1")
