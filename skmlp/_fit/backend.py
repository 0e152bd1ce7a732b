"""Which backend makes the steps of a training: NumPy, or compiled epochs where they pay.

The one decision: ``"auto"`` decides by the work of the whole fit alone, never by what has happened
before in the process, so that the same fit gives the same bits in any process. Importing Numba and
reading compiled code from disk takes about a second, so small fits do without.
"""

import os
from importlib import import_module
from importlib.util import find_spec

from .._warn import warn_user

SETTING = "SKMLP_BACKEND"
BACKENDS = ("auto", "numpy", "numba")
STEP, PARAMETER = 6e-5, 4e-9  # seconds that a compiled step saves, and each parameter in it
LEAST = 2.0  # seconds to save: twice what it takes to begin


def compiled_backend(n_params, n_steps):
    """Return the module that makes compiled epochs, or None for NumPy, for a training of
    ``n_steps`` steps of ``n_params`` parameters.

    The environment variable ``SKMLP_BACKEND`` (``skmlp.set_config``) is "auto" (the default:
    compiled epochs if Numba is installed and they save enough), "numpy" or "numba" (always
    compiled, where there is a program for the network).
    """
    setting = os.environ.get(SETTING, "auto")
    if setting not in BACKENDS:
        raise ValueError(
            f"The environment variable {SETTING} must be 'auto', 'numpy' or 'numba', got "
            f"{setting!r}."
        )
    pays = n_steps * (STEP + PARAMETER * n_params) >= LEAST
    if setting == "numpy" or (setting == "auto" and not (pays and find_spec("numba"))):
        return None
    try:
        import_module("numba")
    except Exception as error:  # what else is missing or too new may raise anything
        if find_spec("numba") is None:
            message = f"{SETTING}='numba' needs Numba: pip install \"skmlp[fast]\" ({error})"
            raise ImportError(message, name="numba") from error
        fault = f"Numba is installed, but cannot be imported: {error}"
        if setting == "numba":
            message = f"{SETTING}='numba' needs Numba. {fault}"
            raise ImportError(message, name="numba") from error
        warn_user(
            f"{fault} Training uses NumPy, which is slower for this fit; mend the installation, or "
            "call skmlp.set_config(backend='numpy') to have no warning.",
            once=True,
        )
        return None
    from ..nn.compiled import program

    return program
