"""Arrays by their addresses, and products of matrices.

A table of operations is numbers only, so that one compiled function takes any network; an array
stands in it as the address of its first element. Whoever makes the table keeps the arrays alive,
and whoever calls the function those that it gets: within it, nobody counts who uses an array.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

OPTIONS: Any = {"error_model": "numpy", "nogil": True, "fastmath": {"contract", "reassoc"}}
_FEW = 12  # columns
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
def flat(array):
    """Return the numbers of a C-contiguous array as a vector, without the checks of ``reshape``."""
    return carray(_pointer(array.ctypes.data, array), (array.size,))


@intrinsic
def borrowed(typing_context, arrays):
    """Return an array, or all in a tuple of tuples, without its owner: each count of a use costs as
    much as 20 additions, more if two threads count.
    """

    def generate(context, builder, signature, arguments):
        return _without_owner(context, builder, arrays, arguments[0])

    return arrays(arrays), generate


def _without_owner(context, builder, kind, value):
    """Return the compiled value of ``borrowed``, of this Numba type."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = ir.Constant(array.meminfo.type, None)
        array.parent = ir.Constant(array.parent.type, None)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for k, of in enumerate(kind):
            item = _without_owner(context, builder, of, builder.extract_value(value, k))
            value = builder.insert_value(value, item, k)
    return value


@intrinsic
def four_words(typing_context):
    """Return a pointer to room for four words of 64 bits, as long as the caller runs."""
    pointer = types.CPointer(types.uint64)

    def generate(context, builder, signature, arguments):
        return cgutils.alloca_once(builder, ir.IntType(64), size=4)

    return pointer(), generate


@compiled
def multiply(a, b, out):
    """out <- a @ b."""
    if b.shape[1] == 1:
        np.dot(a, flat(b), flat(out))
    else:
        np.dot(a, b, out)


@compiled
def multiply_transposed_left(a, b, out):
    """out <- a.T @ b."""
    if b.shape[1] == 1:
        np.dot(a.T, flat(b), flat(out))
    else:
        np.dot(a.T, b, out)


@compiled
def multiply_transposed_right(a, b, out, room):
    """out <- a @ b.T; ``room``: for b.T, or empty. Overwrites: room.

    BLAS takes up to 1.7 times as long for few columns that are transposed as for rows.
    """
    if 1 < b.shape[1] <= _FEW and room.size:
        for i in range(b.shape[0]):
            for k in range(b.shape[1]):
                room[k, i] = b[i, k]
        np.dot(a, room, out)
    elif a.shape[1] == 1:
        for i in range(out.shape[0]):
            for k in range(out.shape[1]):
                out[i, k] = a[i, 0] * b[k, 0]
    else:
        np.dot(a, b.T, out)
