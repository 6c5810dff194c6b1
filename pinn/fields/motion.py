r"""Motion that is prescribed at the start: value and velocity hold exactly, whatever the network says.

With the lift `G` of the prescribed values, the start `t_0` and a velocity `v_0` there,

    `G^+(x, t) = G(x, t) + (t - t_0) (v_0(x) - \partial_t G(x, t_0))`

has the values of `G` at the start, and the velocity `v_0`: at `t_0` the slope of the second term is what `G` lacks. On
a part in space that carries values `g` it adds `(t - t_0) (v_0 - \partial_t g(t_0))`, which is zero if the velocity
and the moving values agree at the start. What the network says is multiplied by a factor that vanishes with its slope
at the start: two factors `t - t_0` instead of one.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from pinn.geometry import Shape

Function = Callable[[tf.Tensor], tf.Tensor]  # [N, d] -> [N]


def set_off(shape: Shape, lift: Function, velocity: Function) -> Function:
    """`G^+` for the lift `G` of a shape over time.

    Args:
        shape: the domain.
        lift: `G`.
        velocity: `v_0`, which is asked for at points of the start only.
    """
    start = float(shape.bounds[0][-1])

    def moving(points: tf.Tensor) -> tf.Tensor:
        *space, t = tf.unstack(points, num=shape.dim, axis=1)
        # Stacked, since under XLA a concatenation has no third derivatives.
        at_start = lambda step: tf.stack([*space, start + step], axis=1)  # noqa: E731
        step = tf.zeros_like(t)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(step)
            value = lift(at_start(step))
        slope = tape.gradient(value, step, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return lift(points) + (t - start) * (velocity(at_start(step)) - slope)

    return moving
