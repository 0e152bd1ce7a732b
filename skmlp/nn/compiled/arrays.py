"""Arrays by their addresses, and products of matrices.

A table of operations is numbers only, so that one compiled function takes any network; an array
stands in it as the address of its first element. Whoever makes the table keeps the arrays alive.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numba import carray, config, njit, types
from numba.extending import intrinsic

OPTIONS: Any = {"error_model": "numpy", "nogil": True, "fastmath": {"contract", "reassoc"}}
_FOLDER = Path(__file__).parent
_SOURCES = b"".join(path.read_bytes() for path in sorted(_FOLDER.glob("*.py")))
DIGEST = hashlib.sha256(_SOURCES).hexdigest()[:16]


def compiled(function):
    """Return the function, compiled when it is first called and kept on disk where that can be.

    Numba takes what it has kept for current as long as the file of the function is the same, but
    the function may call others. So the folder has the digest of all files here in its name; it
    lies in ``NUMBA_CACHE_DIR``, beside these files, or where these cannot be written in the user's
    cache.
    """
    before = place = config.CACHE_DIR
    if not place:
        beside = os.access(_FOLDER, os.W_OK)
        place = _FOLDER / "__pycache__" if beside else Path.home() / ".cache" / "skmlp"
    config.CACHE_DIR = str(Path(place) / DIGEST)
    try:
        return njit(function, **OPTIONS, cache=True)
    except RuntimeError:  # nowhere to keep compiled code
        return njit(function, **OPTIONS)
    finally:
        config.CACHE_DIR = before


@intrinsic
def _pointer(typing_context, address, like):
    """Return the address as a pointer to numbers of the type of the array ``like``."""
    pointer = types.CPointer(like.dtype)

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return pointer(types.int64, like), generate


@compiled
def matrix(address, n, width, like):
    """Return the C-contiguous (n, width) array at an address, of the dtype of ``like``."""
    return carray(_pointer(address, like), (n, width))


@compiled
def vector(address, n, like):
    """Return the array of ``n`` numbers at an address, of the dtype of ``like``."""
    return carray(_pointer(address, like), (n,))


@compiled
def multiply(a, b, out):
    """out <- a @ b."""
    if b.shape[1] == 1:
        np.dot(a, b.reshape(b.shape[0]), out.reshape(out.shape[0]))
    else:
        np.dot(a, b, out)


@compiled
def multiply_transposed_left(a, b, out):
    """out <- a.T @ b."""
    if b.shape[1] == 1:
        np.dot(a.T, b.reshape(b.shape[0]), out.reshape(out.shape[0]))
    else:
        np.dot(a.T, b, out)


@compiled
def multiply_transposed_right(a, b, out):
    """out <- a @ b.T."""
    if a.shape[1] == 1:
        for i in range(out.shape[0]):
            for k in range(out.shape[1]):
                out[i, k] = a[i, 0] * b[k, 0]
    else:
        np.dot(a, b.T, out)
