"""Gradient clipping on the flat vector: by value and by global norm (Pascanu et al., 2013,
algorithm 1).

The one decision: measuring and changing are two functions, so that the norm can be recorded without
clipping.
"""

import math

import numpy as np


def global_norm(g):
    """Return the Euclidean norm of the flat vector ``g``, finite whenever its entries and the
    norm are.
    """
    with np.errstate(over="ignore", under="ignore"):
        norm = math.sqrt(float(np.dot(g, g)))
    if 1e-15 < norm < math.inf or not g.size:
        return norm
    largest = float(np.max(np.abs(g)))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    scaled = g.astype(np.float64) / largest
    return largest * math.sqrt(float(np.dot(scaled, scaled)))


def clip_norm(g, norm, limit):
    """Scale ``g``, whose norm is ``norm``, so that its norm is at most ``limit``; its direction
    stays. Overwrites: g.
    """
    if norm > limit:
        np.multiply(g, limit / norm, out=g)


def clip_value(g, limit):
    """Bound every entry of ``g`` to [-limit, limit]. Overwrites: g."""
    np.maximum(g, -limit, out=g)
    np.minimum(g, limit, out=g)
