"""Several devices that work as one: what each holds of its own, what all are told, and how their answers are added.

This is the part of `tf.distribute` that an objective takes. A replica is a device with a share of the points; the
devices of one process are replicas of a `tf.distribute.MirroredStrategy`, those of several processes of a
`tf.distribute.MultiWorkerMirroredStrategy`. All of them hold the same weights, as every program hands them on, and a
sum over the replicas is the same on each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import tensorflow as tf

Program = Callable[..., tf.Tensor]


@final
@dataclass(frozen=True, eq=False)
class Held:
    """An array of one shape for every replica, each on its own device, that can be replaced in place.

    Attributes:
        value: as `tf.distribute` knows it, with a variable for each replica of this process.
        variables: those, by the number of the replica among all.
    """

    value: Any
    variables: dict[int, tf.Variable]

    @property
    def shape(self) -> tf.TensorShape:
        """Of the array of one replica."""
        return self._any.shape

    @property
    def dtype(self) -> tf.DType:
        """Of its entries."""
        return self._any.dtype

    def assign(self, make: Callable[[int], np.ndarray]) -> None:
        """Replace what replica `k` holds by `make(k)`, for each replica of this process."""
        for replica, variable in self.variables.items():
            variable.assign(make(replica))

    @property
    def _any(self) -> tf.Variable:
        return next(iter(self.variables.values()))


@final
@dataclass(frozen=True, eq=False)
class Replicas:
    """The devices of a strategy.

    Args:
        strategy: of `tf.distribute`.
        lead: the device of this process on which everything else is computed.
    """

    strategy: tf.distribute.Strategy
    lead: str
    _asked: dict[int, Any] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """How many there are, in all processes together."""
        return int(self.strategy.num_replicas_in_sync)

    @property
    def processes(self) -> int:
        """How many processes they belong to."""
        return self.number // len(self.strategy.extended.worker_devices)

    def hold(self, make: Callable[[int], np.ndarray]) -> Held:
        """Have every replica `k` hold `make(k)`, an array of the same shape for all."""
        devices = iter(self.strategy.extended.worker_devices)
        variables: dict[int, tf.Variable] = {}

        def variable(context: tf.distribute.ReplicaContext) -> tf.Variable:
            replica = int(context.replica_id_in_sync_group)
            with tf.device(next(devices)):
                variables[replica] = tf.Variable(make(replica), trainable=False)
            return variables[replica]

        return Held(self.strategy.experimental_distribute_values_from_function(variable), variables)

    def sum(self, program: Program, told: Sequence[tf.Tensor], held: Sequence[Held]) -> tf.Tensor:
        """The sum over all replicas of `program(*told, *held)`, one tensor."""
        with tf.device(self.lead):
            return self.strategy.reduce(tf.distribute.ReduceOp.SUM, self._answers(program, told, held), axis=None)

    def rows(self, program: Program, told: Sequence[tf.Tensor], held: Sequence[Held]) -> tf.Tensor:
        """The answers `[r, ...]` of all replicas, one after the other."""
        with tf.device(self.lead):
            return self.strategy.gather(self._answers(program, told, held), axis=0)

    def largest(self, numbers: Sequence[float]) -> tuple[float, ...]:
        """The largest of each number that any of the processes has; every one of them must ask."""
        if self.processes == 1:
            return tuple(numbers)
        if len(numbers) not in self._asked:

            def largest(own: tf.Tensor) -> tf.Tensor:
                return tf.reduce_max(self.rows(lambda each: each[tf.newaxis], [own], []), axis=0)

            spec = tf.TensorSpec([len(numbers)], tf.float64)
            self._asked[len(numbers)] = tf.function(largest, autograph=False).get_concrete_function(spec)
        return tuple(map(float, self._asked[len(numbers)](tf.constant(numbers, tf.float64))))

    def _answers(self, program: Program, told: Sequence[tf.Tensor], held: Sequence[Held]) -> Any:
        def replica(told: Sequence[tf.Tensor], held: Sequence[tf.Variable]) -> tf.Tensor:
            return program(*told, *map(tf.convert_to_tensor, held))

        return self.strategy.run(replica, args=(tuple(told), tuple(one.value for one in held)))
