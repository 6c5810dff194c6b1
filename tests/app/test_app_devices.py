"""The choice of devices: a pure function over what is there, and what TensorFlow is told before it starts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import keras
import pytest
from hydra.types import RunMode

from pinn.app.devices import choose, chosen, grow_memory, number_of_job, share
from pinn.app.solution import load
from pinn.app.warm import started

NONE: Mapping[str, Sequence[str]] = {"cpu": ["/CPU:0"], "gpu": []}
TWO_CPUS: Mapping[str, Sequence[str]] = {"cpu": ["/CPU:0", "/CPU:1"], "gpu": []}
TWO_GPUS: Mapping[str, Sequence[str]] = {"cpu": ["/CPU:0"], "gpu": ["/GPU:0", "/GPU:1"]}

CHOSEN = [
    ("auto", NONE, ["/CPU:0"]),
    ("auto", TWO_GPUS, ["/GPU:0"]),
    ("cpu", TWO_GPUS, ["/CPU:0"]),
    ("cpu:1", TWO_CPUS, ["/CPU:1"]),
    ("gpu", TWO_GPUS, ["/GPU:0"]),
    ("gpu:1", TWO_GPUS, ["/GPU:1"]),
    ("GPU:1", TWO_GPUS, ["/GPU:1"]),
    (" Auto ", NONE, ["/CPU:0"]),
    ("all", NONE, ["/CPU:0"]),
    ("all", TWO_CPUS, ["/CPU:0", "/CPU:1"]),
    ("all", TWO_GPUS, ["/GPU:0", "/GPU:1"]),
    ("gpu:1,0", TWO_GPUS, ["/GPU:1", "/GPU:0"]),
    ("GPU:0, gpu:1", TWO_GPUS, ["/GPU:0", "/GPU:1"]),
    ("cpu:0,1", TWO_CPUS, ["/CPU:0", "/CPU:1"]),
]

REFUSED = [
    ("gpu", NONE, ", and there is no gpu:0", "cpu:0"),
    ("gpu:1", NONE, ", and there is no gpu:1", "cpu:0"),
    ("gpu:2", TWO_GPUS, ", and there is no gpu:2", "cpu:0, gpu:0, gpu:1"),
    ("cpu:2", TWO_CPUS, ", and there is no cpu:2", "cpu:0, cpu:1"),
    ("gpu:0,7", TWO_GPUS, ", and there is no gpu:7", "cpu:0, gpu:0, gpu:1"),
    ("gpu:0,0", TWO_GPUS, ", which names one twice", "cpu:0, gpu:0, gpu:1"),
    ("cpu:0,gpu:0", TWO_GPUS, ", which are of two kinds", "cpu:0, gpu:0, gpu:1"),
    ("tpu", TWO_GPUS, "", "cpu:0, gpu:0, gpu:1"),
    ("gpu:", TWO_GPUS, "", "cpu:0, gpu:0, gpu:1"),
    ("gpu:-1", TWO_GPUS, "", "cpu:0, gpu:0, gpu:1"),
    ("gpu:0,", TWO_GPUS, "", "cpu:0, gpu:0, gpu:1"),
    ("gpu,1", TWO_GPUS, "", "cpu:0, gpu:0, gpu:1"),
    ("0,1", TWO_GPUS, "", "cpu:0, gpu:0, gpu:1"),
    ("", NONE, "", "cpu:0"),
    ("cpu", {}, ", and there is no cpu:0", "none"),
    ("all", {}, "", "none"),
]


@pytest.mark.parametrize(("name", "available", "devices"), CHOSEN, ids=[f"{n}->{d}" for n, _, d in CHOSEN])
def test_chosen(name: str, available: Mapping[str, Sequence[str]], devices: list[str]) -> None:
    assert choose(name, available) == tuple(devices)


@pytest.mark.parametrize(("name", "available", "why", "here"), REFUSED, ids=[f"{n!r} of {h}" for n, *_, h in REFUSED])
def test_refused(name: str, available: Mapping[str, Sequence[str]], why: str, here: str) -> None:
    with pytest.raises(ValueError, match=r"^device: ") as caught:
        choose(name, available)
    assert str(caught.value) == (
        "device: expected auto, all, multiworker, cpu, gpu, one by its number such as gpu:1, or several of a kind such "
        f"as gpu:0,1; got {name!r}{why}.\nThis machine has: {here}."
    )


@pytest.mark.parametrize(
    ("name", "number", "device"),
    [("auto", 0, "/GPU:0"), ("auto", 3, "/GPU:1"), ("gpu", 1, "/GPU:1"), ("gpu:0", 1, "/GPU:0"), ("cpu", 1, "/CPU:0")],
)
def test_jobs_side_by_side_take_one_gpu_after_the_other(name: str, number: int, device: str) -> None:
    assert choose(name, TWO_GPUS, share=number) == (device,)
    assert choose("auto", TWO_CPUS, share=number) == ("/CPU:0",)


class Hardware:
    """`tf.config` of a machine whose GPUs may have been started."""

    def __init__(self, gpus: Sequence[str], *, started: bool) -> None:
        self.visible, self.started, self.grown = list(gpus), started, list[str]()
        self.gpus = list(gpus)
        self.experimental = SimpleNamespace(get_memory_growth=self.grown.__contains__, set_memory_growth=self.grow)

    def list_physical_devices(self, kind: str) -> list[str]:
        return self.gpus if kind == "GPU" else ["cpu"]

    def get_visible_devices(self, kind: str) -> list[str]:
        return self.visible if kind == "GPU" else ["cpu"]

    def set_visible_devices(self, device: str, kind: str) -> None:
        assert kind == "GPU"
        self.changed()
        self.visible = [device]

    def list_logical_devices(self, kind: str) -> list[SimpleNamespace]:
        self.started = True
        count = len(self.get_visible_devices(kind))
        return [SimpleNamespace(name=f"/device:{kind}:{k}") for k in range(count)]

    def grow(self, gpu: str, growth: bool) -> None:
        self.changed()
        self.grown += [gpu] * growth

    def changed(self) -> None:
        if self.started:
            raise RuntimeError("Physical devices cannot be modified after being initialized")


@pytest.fixture
def hardware(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Hardware]:
    def plug_in(gpus: Sequence[str], *, started: bool = False) -> Hardware:
        made = Hardware(gpus, started=started)
        monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=made))
        return made

    return plug_in


def test_a_job_beside_others_sees_its_own_gpu_only(hardware: Callable[..., Hardware]) -> None:
    machine = hardware(["first", "second", "third"])
    with share(4):
        assert chosen("auto") == ("/GPU:0",)  # the only one that is left to see
    assert machine.visible == machine.grown == ["second"]
    with share(2):  # the next job of a worker that has started TensorFlow stays where it is
        assert chosen("auto") == ("/GPU:0",)


def test_a_job_in_a_process_that_sees_all_gpus_takes_its_own(hardware: Callable[..., Hardware]) -> None:
    machine = hardware(["first", "second", "third"])
    assert chosen("auto") == ("/GPU:0",)
    with share(4):
        assert chosen("gpu") == ("/GPU:1",)
        assert chosen("all") == ("/GPU:0", "/GPU:1", "/GPU:2")
    assert machine.visible == ["first", "second", "third"]
    assert chosen("auto") == ("/GPU:0",)


def test_memory_that_tensorflow_was_told_to_grow_by_its_environment_is_left_to_it(
    hardware: Callable[..., Hardware], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = hardware(["first"], started=True)
    with pytest.raises(ValueError, match="set the environment variable TF_FORCE_GPU_ALLOW_GROWTH=true"):
        chosen("gpu")
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    assert chosen("gpu") == ("/GPU:0",)
    assert machine.grown == []


BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
JOBLIB = "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher"


@pytest.mark.parametrize(
    ("mode", "launcher", "number"),
    [(RunMode.RUN, BASIC, None), (RunMode.MULTIRUN, BASIC, None), (RunMode.MULTIRUN, JOBLIB, 5)],
)
def test_jobs_of_a_launcher_count_where_they_run_side_by_side(mode: RunMode, launcher: str, number: int | None) -> None:
    hydra = SimpleNamespace(mode=mode, launcher={"_target_": launcher}, job=SimpleNamespace(num=5))
    assert number_of_job(hydra) == number


def test_memory_growth_that_comes_too_late_is_an_error(hardware: Callable[..., Hardware]) -> None:
    machine = hardware(["one", "another"])
    machine.grown.append("one")
    grow_memory(machine.gpus)
    assert machine.grown == ["one", "another"]
    hardware(["one"], started=True)
    with pytest.raises(ValueError, match="device: expected to be asked before TensorFlow starts, for memory growth"):
        chosen("auto")


@pytest.mark.parametrize("read", [load, partial(started, options={"name": "auto"})], ids=["load", "init_from"])
def test_reading_a_run_leaves_gpus_to_the_run_that_comes_after(
    read: Callable[[str], object],
    hardware: Callable[..., Hardware],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first network that is read starts TensorFlow, and with that its GPUs."""
    config = {"name": "heat", "problem": {"_target_": "pinn.problems.Heat1D"}, "conditions": "auto", "dtype": "float64"}
    config |= {"engine": {"name": "auto"}, "field": {"name": "mlp"}}
    for name, text in (("summary.json", "{}"), ("config.yaml", json.dumps(config)), ("model.keras", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    reads = list[str]()

    def starts(*_: object, **__: object) -> None:
        machine.started = True
        reads.append("model.keras")
        raise OSError("as far as this test goes")

    monkeypatch.setattr(keras.saving, "load_model", starts)
    machine = hardware(["one"])
    with pytest.raises(ValueError, match="damaged"):
        read(str(tmp_path))
    assert chosen("gpu") == ("/GPU:0",)
    machine = hardware(["one"], started=True)  # by somebody else: too late to say anything, and no reason not to read
    with pytest.raises(ValueError, match="damaged"):
        read(str(tmp_path))
    assert len(reads) == 2
