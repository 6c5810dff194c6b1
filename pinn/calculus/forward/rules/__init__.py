"""All rules that come with the engine, family by family."""

from pinn.calculus.forward.call import Rule
from pinn.calculus.forward.rules import (
    algebra,
    constant,
    control,
    elementwise,
    products,
    reductions,
    reshape,
    structure,
)

FAMILIES = (elementwise, constant, algebra, products, reductions, structure, reshape, control)


def shipped() -> dict[str, Rule]:
    """Every rule by operation type."""
    return {op_type: rule for family in FAMILIES for op_type, rule in family.RULES.items()}
