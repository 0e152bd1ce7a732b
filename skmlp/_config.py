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
    """Return the settings of the package.

    Returns
    -------
    config : dict
        With the key ``"backend"``: what computes the epochs of a training, ``"auto"``, ``"numpy"``
        or ``"numba"``, as :func:`skmlp.set_config` describes them.

    Examples
    --------
    >>> import skmlp
    >>> with skmlp.config_context(backend="numba"):
    ...     skmlp.get_config()
    {'backend': 'numba'}
    """
    return {"backend": os.environ.get(SETTING, "auto")}


def set_config(backend: str | None = None) -> None:
    """Change settings of the package, for this process and those that it starts.

    joblib's idle worker processes are ended, so that new ones start with the setting.

    Parameters
    ----------
    backend : {'auto', 'numpy', 'numba'} or None, default=None
        What computes the epochs of a training. 'numpy': NumPy, one operation after the other.
        'numba': one compiled call for an epoch (needs ``pip install "skmlp[fast]"``), or NumPy for
        a network with a part that has no compiled form. 'auto', the initial setting: compiled code
        where Numba is installed and a fit has enough steps and parameters to save time, else NumPy;
        if Numba cannot be imported, a warning says why.
        The results of NumPy and Numba agree up to rounding. None changes nothing. The environment
        variable ``SKMLP_BACKEND`` is the same setting.

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
    >>> before = skmlp.get_config()
    >>> skmlp.set_config(backend="numpy")
    >>> skmlp.get_config()
    {'backend': 'numpy'}
    >>> skmlp.set_config(**before)
    """
    if backend is None or backend == get_config()["backend"]:
        return
    if backend not in BACKENDS:
        raise ValueError(f"backend must be 'auto', 'numpy' or 'numba', got {backend!r}.")
    os.environ[SETTING] = backend
    loky = sys.modules.get("joblib.externals.loky.reusable_executor")  # not there on all systems
    executor = getattr(loky, "_executor", None)  # get_reusable_executor() would make another one
    if executor is not None:
        executor.shutdown(wait=True)


@contextmanager
def config_context(backend: str | None = None) -> Iterator[None]:
    """Change settings within a ``with`` block; the settings before it come back afterwards.

    Parameters
    ----------
    backend : {'auto', 'numpy', 'numba'} or None, default=None
        What computes the epochs of a training: 'numpy', compiled code ('numba'), or whichever suits
        the fit ('auto'); see :func:`skmlp.set_config`. None changes nothing.

    Examples
    --------
    >>> import skmlp
    >>> with skmlp.config_context(backend="numpy"):  # no compiled code in this block
    ...     model = skmlp.MLPClassifier(learning_rate="one_cycle").fit([[0.0], [1.0]], [0, 1])
    """
    before = get_config()
    set_config(backend)
    try:
        yield
    finally:
        set_config(**before)
