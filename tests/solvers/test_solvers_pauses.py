"""Calls of `advance` that follow each other: a quasi-Newton method goes on with what it has in its hands."""

from __future__ import annotations

import pytest
import threadpoolctl
from solvers_objectives import identical, tanh_fit, tanh_start

from pinn.solvers import Bfgs, Lbfgs, Solver, State, quasi_newton, threads

each_method = pytest.mark.parametrize("solver", [Bfgs(), Lbfgs(memory=3)], ids=lambda solver: solver.name)


def read_anew(state: State) -> State:
    return {key: array.copy() for key, array in state.items()}


@each_method
def test_a_metric_is_read_only_where_another_state_is_gone_on_from(
    solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[State] = []
    original = type(solver).read_metric
    monkeypatch.setattr(type(solver), "read_metric", lambda self, state: reads.append(state) or original(self, state))
    advance = solver.compile(tanh_fit())
    first, _ = advance(solver.start(tanh_start()), 5)
    second, _ = advance(first, 5)
    assert len(reads) == 1
    again, _ = advance(read_anew(first), 5)
    assert len(reads) == 2
    assert identical(second, again)
    earlier, _ = advance(first, 5)
    assert len(reads) == 3
    assert identical(second, earlier)
    third, progress = advance(earlier, 5)
    assert len(reads) == 3
    assert identical(third, advance(read_anew(second), 5)[0])
    assert progress.evaluations < 20  # of this call alone


@each_method
def test_a_call_that_was_interrupted_leaves_its_state_as_it_was(
    solver: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = solver.compile(tanh_fit())
    state, _ = advance(solver.start(tanh_start()), 5)
    before = read_anew(state)
    once, done = quasi_newton._Iteration.once, []

    def interrupted(self: quasi_newton._Iteration, point: quasi_newton._Point) -> bool:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(point.step)
        return once(self, point)

    with monkeypatch.context() as patch:
        patch.setattr(quasi_newton._Iteration, "once", interrupted)
        with pytest.raises(KeyboardInterrupt):
            advance(state, 5)
    assert len(done) == 3
    assert identical(state, before)
    assert identical(advance(state, 5)[0], advance(before, 5)[0])


@each_method
def test_nobody_writes_into_a_state(solver: Solver) -> None:
    state, _ = solver.compile(tanh_fit())(solver.start(tanh_start()), 5)
    for key, array in state.items():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = array
        assert read_anew(state)[key].flags.writeable


def blas_threads() -> set[int]:
    return {found["num_threads"] for found in threadpoolctl.threadpool_info() if found["user_api"] == "blas"}


def test_one_thread_of_blas_is_asked_of_libraries_that_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    threads._libraries.cache_clear()
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        for _ in range(2):
            with threads.one_blas_thread():
                assert blas_threads() == {1}
            assert blas_threads() == {2}
            monkeypatch.setattr(threads, "ThreadpoolController", None)  # which cannot be called
