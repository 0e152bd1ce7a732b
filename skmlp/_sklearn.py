"""Everything this package takes from scikit-learn under a private name, so that there is one place to mend.

Kept to what has been stable for years: parameter constraints and small validators.
"""

from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.optimize import _check_optimize_result as check_optimize_result
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "Interval",
    "Options",
    "StrOptions",
    "check_optimize_result",
    "check_sample_weight",
    "safe_indexing",
]
