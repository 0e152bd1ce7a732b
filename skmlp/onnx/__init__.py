"""Fitted estimators as ONNX graphs, which run without Python: ``pip install "skmlp[onnx]"``.

The one decision: scikit-learn's own converter, skl2onnx, puts whole pipelines together, and this
package only tells it what the estimators of skmlp compute; so what skl2onnx knows of scalers,
encoders, ensembles and searches holds for them too.

To add a unit: write a function ``(graph, unit, x, **arrays) -> name`` and put it into
``CONVERTERS`` (``_units.py``), where everybody can put converters for units of their own; the tests
iterate the registries of ``skmlp.nn``.
"""

try:
    import onnx
    import skl2onnx
except ImportError as error:
    message = f'skmlp.onnx needs skl2onnx: pip install "skmlp[onnx]" ({error})'
    raise ImportError(message, name="skl2onnx") from error

from ._convert import to_onnx
from ._estimators import register
from ._graph import Graph
from ._units import CONVERTERS

__all__ = ["CONVERTERS", "Graph", "register", "to_onnx"]
