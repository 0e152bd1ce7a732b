"""Which backend computes a training: NumPy alone, or with Numba's kernels where they pay.

The one decision: ``"auto"`` decides by the size of the problem alone, never by what has happened
before in the process, so that the same fit gives the same bits in any process. Importing Numba and
reading compiled code from disk takes about a second, so small problems do without.
"""

import os
from importlib.util import find_spec

SETTING = "SKMLP_BACKEND"
# multiplications of one forward pass over the rows, from which kernels save more than they cost
LEAST_WORK = 200_000_000


def compiled_backend(network, n_rows):
    """Return the module with the kernels, or None for NumPy alone, for training ``network`` on
    ``n_rows`` rows.

    The environment variable ``SKMLP_BACKEND`` is "auto" (the default: kernels if Numba is installed
    and the problem large enough), "numpy" or "numba" (kernels always).
    """
    setting = os.environ.get(SETTING, "auto")
    if setting not in ("auto", "numpy", "numba"):
        raise ValueError(
            f"The environment variable {SETTING} must be 'auto', 'numpy' or 'numba', got "
            f"{setting!r}."
        )
    if setting == "numpy" or (
        setting == "auto"
        and (n_rows * network.params.size < LEAST_WORK or find_spec("numba") is None)
    ):
        return None
    try:
        from ..nn.compiled import program as compiled
    except ImportError as error:
        raise ImportError(
            f"{SETTING}='numba' needs Numba: pip install skmlp[fast] ({error})"
        ) from error
    return compiled
