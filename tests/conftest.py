"""Settings of the whole suite: TensorFlow quiet and repeatable, set before anything imports it."""

from __future__ import annotations

import os
import re

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# One worker a core: threads of their own would only wait for each other.
for pool in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(pool, "1")

# Tracing lines costs a quarter of a test's time. What these run is traced where its room is tested for itself.
UNTRACED = re.compile(
    r"tests/experiments|test_solvers_contract|test_training_fluxes|graph_and_xla_agree"
    r"|test_gradient_jacobian.*(pair|poisson)|test_every_shipped_problem_runs|test_a_field_of_two_components"
    r"|test_rules_under_xla|test_five_steps_and_five_are_ten|test_the_blocks_are_the_dense|test_chunks_of_points"
    r"|test_random_programs|test_app_sweep|test_the_same_seed_gives"
    r"|goes_on_exactly|drawn_anew|neither_overlap_nor_leave|whatever_the_network_says|finite_everywhere"
)

# Files are dealt out to the workers whole: one of minutes that came last would leave the others idle.
LONGEST = ("test_calculus_forward_rules.py", "test_app_solve.py", "test_readme.py", "test_training_objective.py")


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_suite(tmp_path_factory: pytest.TempPathFactory) -> None:
    """References are kept for as long as the suite runs, and not where the user keeps theirs."""
    os.environ["PINN_CACHE"] = str(tmp_path_factory.mktemp("cache"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave line coverage out where it would only say again what other tests say; begin with the longest files."""
    for item in items:
        if UNTRACED.search(item.nodeid):
            item.add_marker(pytest.mark.no_cover)
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
