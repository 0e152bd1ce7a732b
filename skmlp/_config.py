"""Settings of the package, in scikit-learn's manner.

The one decision: a setting is an environment variable, so that processes which start afterwards
have it too, those of joblib among them.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ._fit.backend import BACKENDS, SETTING


def get_config() -> dict[str, str]:
    """Return the settings.

    Returns
    -------
    config : dict
        ``backend``: see :func:`skmlp.set_config`.
    """
    return {"backend": os.environ.get(SETTING, "auto")}


def set_config(backend: str | None = None) -> None:
    """Change settings of the package, for this process and those that it starts.

    joblib's idle worker processes are ended, so that new ones start with the setting.

    Parameters
    ----------
    backend : {'auto', 'numpy', 'numba'} or None, default=None
        What computes the epochs of a training: 'numpy'; 'numba', as compiled code
        (``pip install "skmlp[fast]"``); 'auto', which compiles where a fit has enough steps and
        parameters. None changes nothing. Both agree to rounding. The environment variable
        ``SKMLP_BACKEND`` is the same setting.

    Raises
    ------
    ValueError
        If the backend is none of these.

    See Also
    --------
    config_context : The same for the length of a block.

    Examples
    --------
    >>> import skmlp
    >>> with skmlp.config_context(backend="numpy"):
    ...     skmlp.get_config()
    {'backend': 'numpy'}
    """
    if backend is None or backend == get_config()["backend"]:
        return
    if backend not in BACKENDS:
        raise ValueError(f"backend must be 'auto', 'numpy' or 'numba', got {backend!r}.")
    os.environ[SETTING] = backend
    if "joblib.externals.loky.reusable_executor" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)


@contextmanager
def config_context(backend: str | None = None) -> Iterator[None]:
    """Change settings within a ``with`` block, see :func:`skmlp.set_config`.

    Parameters
    ----------
    backend : {'auto', 'numpy', 'numba'} or None, default=None
        As for :func:`skmlp.set_config`.
    """
    before = get_config()
    set_config(backend)
    try:
        yield
    finally:
        set_config(**before)
