"""One training step on `mean((lap u + 1)^2)` by PyTorch's nested reverse mode, one axis at a time.

Usage: laplacian_torch.py nested DIMENSION WIDTHS POINTS, in float32.
"""

from __future__ import annotations

import torch
from serve import network, request, serve

_, dimension, widths, points = request()
arrays, coordinates = network(dimension, widths, points)
weights = [torch.tensor(array, dtype=torch.float32, requires_grad=True) for array in arrays]
x = torch.tensor(coordinates, dtype=torch.float32, requires_grad=True)


def field(p: torch.Tensor) -> torch.Tensor:
    hidden = p
    for weight in weights[:-1]:
        hidden = torch.tanh(hidden @ weight)
    return (hidden @ weights[-1])[:, 0]


def step() -> torch.Tensor:
    (slope,) = torch.autograd.grad(field(x).sum(), x, create_graph=True)
    laplacian = sum(torch.autograd.grad(slope[:, i].sum(), x, create_graph=True)[0][:, i] for i in range(dimension))
    return torch.autograd.grad(((laplacian + 1) ** 2).mean(), weights)[0]


serve(step)
