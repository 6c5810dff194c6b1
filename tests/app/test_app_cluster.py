"""The processes of a cluster, as TF_CONFIG and Slurm tell of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest

from pinn.app.cluster import Cluster, expanded, is_follower


def config(cluster: object, **task: object) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


def step(process: int, nodes: str = "n[08-10],login", per_node: str = "2(x2),1(x2)", tasks: int = 6) -> dict[str, str]:
    names = {"STEP_NODELIST": nodes, "STEP_TASKS_PER_NODE": per_node, "STEP_NUM_TASKS": str(tasks), "JOB_ID": "30017"}
    return {f"SLURM_{name}": value for name, value in {**names, "PROCID": str(process)}.items()}


TWO = {"worker": ["a:1", "b:2"]}
WITH_CHIEF = {"chief": ["a:1"], "worker": ["b:2", "b:3"]}
NODES = ("n08:15017", "n08:15018", "n09:15017", "n09:15018", "n10:15017", "login:15017")

FOUND: list[tuple[Mapping[str, str], tuple[str, ...], int, tuple[int, int]]] = [
    (config(TWO, type="worker", index=0), ("a:1", "b:2"), 0, (0, 1)),
    (config(TWO, type="worker", index=1) | step(0), ("a:1", "b:2"), 1, (0, 1)),
    (config(WITH_CHIEF, type="chief", index=0), ("a:1", "b:2", "b:3"), 0, (0, 1)),
    (config(WITH_CHIEF, type="worker", index=1), ("a:1", "b:2", "b:3"), 2, (1, 2)),
    (step(0), NODES, 0, (0, 2)),
    (step(3), NODES, 3, (1, 2)),
    (step(5), NODES, 5, (0, 1)),
]


@pytest.mark.parametrize(("environment", "workers", "index", "neighbours"), FOUND)
def test_who_works_and_which_of_them_this_is(
    environment: Mapping[str, str], workers: tuple[str, ...], index: int, neighbours: tuple[int, int]
) -> None:
    found = Cluster.of(environment)
    assert (found.workers, found.index, found.neighbours) == (workers, index, neighbours)
    assert found.chief is (index == 0)
    assert is_follower(" Multiworker", environment) is (index > 0)
    assert not is_follower("gpu:0,1", environment)


REFUSED: list[tuple[Mapping[str, str], str]] = [
    ({}, "device=multiworker: expected a process of a cluster"),
    ({"TF_CONFIG": "", "SLURM_PROCID": "0"}, "device=multiworker: expected a process of a cluster"),
    ({"TF_CONFIG": "worker"}, "TF_CONFIG: expected where each process listens"),
    ({"TF_CONFIG": "[]"}, "TF_CONFIG: expected where each process listens"),
    (config(TWO), "TF_CONFIG: expected"),
    (config(TWO, type="worker", index=2), "TF_CONFIG: expected"),
    (config(TWO, type="worker", index=-1), "TF_CONFIG: expected"),
    (config(TWO, type="chief", index=0), "TF_CONFIG: expected"),
    (config({"worker": ["a:1"], "ps": ["b:2"]}, type="worker", index=0), "TF_CONFIG: expected"),
    (config({"worker": ["a:1", "a:1"]}, type="worker", index=0), "TF_CONFIG: expected"),
    (config({"worker": ["a"]}, type="worker", index=0), "TF_CONFIG: expected"),
    (step(6), "expected the variables of a step of Slurm; got SLURM_PROCID=6"),
    (step(0, tasks=7), "expected the variables of a step of Slurm"),
    (step(0, per_node="2(x2)"), "expected the variables of a step of Slurm"),
    (step(0, per_node="2(y2),1(x2)"), "expected the variables of a step of Slurm"),
    (step(0, nodes="n[08-10,login"), "expected the variables of a step of Slurm"),
]


@pytest.mark.parametrize(("environment", "message"), REFUSED)
def test_what_tells_of_no_cluster_is_refused(environment: Mapping[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=r"^(TF_CONFIG|device=multiworker): expected") as caught:
        Cluster.of(environment)
    assert message in str(caught.value)
    assert not is_follower("multiworker", environment)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("node7", ["node7"]),
        ("a,b-1", ["a", "b-1"]),
        ("n[1-3]", ["n1", "n2", "n3"]),
        ("n[098-101,7]x,m", ["n098x", "n099x", "n100x", "n101x", "n7x", "m"]),
        ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
    ],
)
def test_lists_of_hosts_are_expanded(text: str, hosts: list[str]) -> None:
    assert expanded(text) == hosts


@pytest.mark.parametrize("text", ["n[", "n]", "n[2-1]", "n[a]", "a,,b", "n[[1]]"])
def test_lists_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$|^{re.escape(text[2:-1])}$"):
        expanded(text)
