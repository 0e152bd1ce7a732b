"""Which types a skops file of this package may make.

The one decision: the names are those of classes that exist for being saved, found through the bases
that they derive from, so that a new unit is among them; and never whatever lies below a prefix,
since the name of a module's import is a name of that module too.
"""

import inspect

from ._base import BaseMLP
from ._data.codec import MatrixCodec
from ._data.table import TableCodec
from ._imputer import AutoencoderImputer
from ._outlier import OutlierAutoencoder
from ._tabular.base import BaseTabularMLP
from .nn.engine.network import Network
from .nn.engine.state import TrainingState
from .nn.losses.measure import Measure
from .nn.saved import is_ours
from .nn.schedules import Clock
from .nn.unit import Unit

PARTS = (
    AutoencoderImputer,
    OutlierAutoencoder,
    Network,
    Measure,
    TrainingState,
    Clock,
    MatrixCodec,
    TableCodec,
)


def skops_types() -> list[str]:
    """Return the names of the types of this package that a skops file of one of its estimators can
    contain.

    Tell ``skops.io.load`` to trust these. They are classes that only hold settings and numbers,
    check them when they are loaded, and run nothing that a file names. Every estimator
    of this package is stored with these and with what skops trusts by itself; a file that needs
    another name holds something that its writer gave the estimator, such as a function, a splitter
    or a callback, or it is hostile. Never trust a name because it begins with ``skmlp.``:
    ``skmlp.callbacks.os.system`` does too.

    Returns
    -------
    names : list of str
        Sorted.

    Examples
    --------
    >>> from skmlp import MLPClassifier, skops_types
    >>> "skmlp._classifier.MLPClassifier" in skops_types()
    True

    To load a file::

        import skmlp, skops.io

        model = skops.io.load("model.skops", trusted=skmlp.skops_types())
    """
    classes = {*PARTS, *_concrete(BaseMLP), *_concrete(BaseTabularMLP), *_concrete(Unit)}
    return sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in classes)


def _concrete(base):
    """Yield the classes of this package that derive from ``base`` and have instances."""
    for cls in base.__subclasses__():
        if is_ours(cls) and not inspect.isabstract(cls):
            yield cls
        yield from _concrete(cls)
