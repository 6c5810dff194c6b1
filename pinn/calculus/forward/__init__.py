"""The engine `forward`: derivatives of any TensorFlow function in one pass over its operations."""

from pinn.calculus.forward.engine import Forward
from pinn.calculus.forward.errors import BatchCoupledError, UnsupportedOpError
from pinn.calculus.forward.registry import register_rule
from pinn.calculus.forward.rules.elementwise import elementwise

__all__ = ["BatchCoupledError", "Forward", "UnsupportedOpError", "elementwise", "register_rule"]
