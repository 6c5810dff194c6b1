"""Settings of the whole suite: TensorFlow quiet and repeatable, set before anything imports it."""

from __future__ import annotations

import gc
import os
import re

import pytest

# TensorFlow's graphs are millions of objects that live as long as their test module, or the whole run. Python's
# collector looks through the young ones every 700 new objects unless told otherwise; here there is memory enough.
gc.set_threshold(10_000, 20, 20)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# One worker a core: threads of their own would only wait for each other.
for pool in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(pool, "1")

# Tracing lines costs half of a test's time once more. What these run is traced where its room is tested for itself.
UNTRACED = re.compile(
    r"tests/experiments|test_solvers_contract|test_training_fluxes|graph_and_xla_agree"
    r"|test_gradient_jacobian.*(pair|poisson)|test_every_shipped_problem_runs|test_a_field_of_two_components"
    r"|test_rules_under_xla|test_five_steps_and_five_are_ten|test_the_blocks_are_the_dense|test_chunks_of_points"
    r"|test_random_programs|test_app_sweep|test_the_same_seed_gives"
    r"|goes_on_exactly|drawn_anew|neither_overlap_nor_leave|whatever_the_network_says|finite_everywhere"
    # Of the laws of a shape one is traced for each of vanishing, lift, projection and ramp.
    r"|finite_differences|equal_constants_on_any_parts|data_are_asked_only|float32_is_as_precise|it_grows_from_every"
    r"|its_maximum_is_about_one|points_of_unknown_shape|not_change_along_the_normals|is_mapped_into_itself"
    r"|points_of_the_part_stay|center"
    # Whole runs by the words of the README, and every shipped choice and problem, in rooms with tests of their own.
    r"|test_every_command_runs|test_every_choice_composes|test_every_shipped_problem_passes|samplers_by_name"
    # The same operators and rules again, however they are run.
    r"|however_they_run|know_traces_alone|value_and_velocity_hold|reaches_the_minimum"
    # A field that fails runs the lines of one that holds.
    r"|wrong_field_fails|the_test_above_can_fail"
    # Whole runs and marches, whose parts have tests of their own.
    r"|ended_goes_on|was_killed_goes_on|march_goes_on|flux_is_a_term_beside|runs_again_to_the_same_bytes"
    r"|another_seed_gives|features_solve_a_linear|solve_a_nonlinear_equation|solve_a_linear_problem"
    r"|has_learned_its_points|without_a_truth_the_residual|rung_that_is_not_enough|any_discs_leave"
)

# Files are dealt out to the workers whole: one of minutes that came last would leave the others idle.
LONGEST = ("test_calculus_forward_rules.py", "test_readme.py", "test_app_shipped.py", "test_training_objective.py")


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_suite(tmp_path_factory: pytest.TempPathFactory) -> None:
    """References are kept for as long as the suite runs, and not where the user keeps theirs."""
    os.environ["PINN_CACHE"] = str(tmp_path_factory.mktemp("cache"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave line coverage out where it would only say again what other tests say; begin with the longest files."""
    for item in items:
        if UNTRACED.search(item.nodeid):
            item.add_marker(pytest.mark.no_cover)
    gc.collect()
    gc.freeze()  # what was imported and collected stays to the end and needs no looking through
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
