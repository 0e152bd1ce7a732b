"""Forward-mode automatic differentiation: dual numbers through NumPy's functions.

The one decision: a ``Dual`` is a value with a tangent, and answers NumPy's own protocols (NEP 13,
NEP 18), so that a plain NumPy function differentiates itself, exactly and in the pass that computes
its value. No graph is kept: what is to be differentiated in another direction is computed again. So
a function of n numbers costs n passes, where backpropagation takes one; an elementwise function of
an array costs one pass however large the array, since each number depends on one other.

To add a function: a ufunc goes into the tables of ``derivatives.py``, anything else into
``FUNCTIONS``.

References: Wengert, "A simple automatic derivative evaluation program" (1964); Griewank and
Walther, "Evaluating derivatives" (2008), chapter 3; Baydin et al., "Automatic differentiation in
machine learning: a survey" (2018), section 3.1.
"""

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .derivatives import ONE, TRUTHS, TWO


class Dual(NDArrayOperatorsMixin):
    """An array of dual numbers ``value + tangent e`` with e^2 = 0: f of it is ``f(value) +
    f'(value) tangent e``.

    Parameters
    ----------
    value : array-like of numbers
        Integers become float64.
    tangent : array-like of the shape of value, or that broadcasts to it
        The derivative of the value along some direction.
    """

    def __init__(self, value, tangent):
        value = np.asarray(value)
        if value.dtype.kind not in "fiub":
            raise TypeError(f"A Dual array has real numbers, not {value.dtype}.")
        self.value = value if value.dtype.kind == "f" else value.astype(np.float64)
        self.tangent = np.broadcast_to(
            np.asarray(tangent, dtype=self.value.dtype), self.value.shape
        )

    def __repr__(self):
        return f"Dual({self.value!r}, {self.tangent!r})"

    # ---- what an array has

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    dtype = property(lambda self: self.value.dtype)
    T = property(lambda self: Dual(self.value.T, self.tangent.T))
    mT = property(lambda self: Dual(self.value.mT, self.tangent.mT))

    def __len__(self):
        return len(self.value)

    def __getitem__(self, key):
        return Dual(self.value[key], self.tangent[key])

    def __setitem__(self, key, new):
        value, tangent = self.value.copy(), self.tangent.copy()
        value[key], tangent[key] = _parts(new)
        self.value, self.tangent = value, tangent

    def __bool__(self):
        raise TypeError(
            "Whether a Dual array is true is not defined for all its entries at once: use "
            "np.where instead of if, and, or."
        )

    def __float__(self):
        raise TypeError(
            "A Dual array is no float: use NumPy's functions, such as np.exp instead of math.exp."
        )

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "A Dual array does not become a plain one, which would lose its derivative: leave out "
            "np.asarray and the like."
        )

    def copy(self):
        return Dual(self.value.copy(), self.tangent.copy())

    def astype(self, dtype, copy=True):
        return Dual(self.value.astype(dtype), self.tangent.astype(dtype))

    def reshape(self, *shape):
        return Dual(self.value.reshape(*shape), self.tangent.reshape(*shape))

    def sum(self, axis=None, keepdims=False):
        return np.sum(self, axis=axis, keepdims=keepdims)

    def mean(self, axis=None, keepdims=False):
        return np.mean(self, axis=axis, keepdims=keepdims)

    def clip(self, min=None, max=None):
        return np.clip(self, min, max)

    # ---- NumPy's functions

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        if method == "reduce" and ufunc is np.add:
            result = np.sum(inputs[0], **kwargs)
        elif method != "__call__":
            raise TypeError(f"np.{ufunc.__name__}.{method} cannot be differentiated. {_what_can()}")
        elif kwargs:
            raise TypeError(
                f"{ufunc.__name__} of a Dual array takes no {', '.join(kwargs)}; np.where chooses "
                "among results."
            )
        else:
            result = _call(ufunc, inputs)
        if not out:
            return result
        if not isinstance(out[0], Dual) or np.shape(result) != out[0].shape:
            raise TypeError(
                f"{ufunc.__name__} of a Dual array needs an out that is one too, of shape "
                f"{np.shape(result)}."
            )
        value, tangent = _parts(result)
        out[0].value, out[0].tangent = (
            value.astype(out[0].dtype),
            np.broadcast_to(tangent, value.shape).astype(out[0].dtype),
        )
        return out[0]

    def __array_function__(self, function, types, args, kwargs):
        if function not in FUNCTIONS:
            raise TypeError(f"np.{function.__name__} has no derivative here. {_what_can()}")
        return FUNCTIONS[function](*args, **kwargs)


def value_and_gradient(function, *arguments):
    """Return an elementwise function's value and its partial derivatives, exact to rounding.

    It costs one pass for each argument, each giving the value too.

    Parameters
    ----------
    function : callable
        A function of arrays, made of NumPy's ufuncs (those of :mod:`scipy.special` with a known
        derivative included), operators, ``np.where`` and ``np.clip``.
    *arguments : float or array-like of float
        Where to evaluate it.

    Returns
    -------
    value : ndarray
    gradient : tuple of ndarray
        The derivative with respect to each argument, of the shape of value.

    Raises
    ------
    TypeError
        If the function calls something whose derivative is not known; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import value_and_gradient
    >>> def f(x1, x2):
    ...     return np.log(x1) + x1 * x2 - np.sin(x2)
    >>> value, gradient = value_and_gradient(f, 2.0, 5.0)
    >>> print(f"{value:.3f}, {gradient[0]:.3f}, {gradient[1]:.3f}")
    11.652, 5.500, 1.716
    """
    gradient = []
    for i, argument in enumerate(arguments):
        value, tangent = value_and_derivative(
            function, *arguments[:i], Dual(argument, 1.0), *arguments[i + 1 :]
        )
        gradient.append(tangent)
    return value, tuple(gradient)


def value_and_derivative(function, *arguments):
    """Return value and tangent of an elementwise function in one pass; what it is to be
    differentiated by comes as a Dual.
    """
    value, tangent = _parts(function(*arguments))
    return value, np.broadcast_to(tangent, np.shape(value))


def _call(ufunc, inputs):
    """Return the ufunc of arguments of which some are Dual."""
    values = [_parts(a)[0] if isinstance(a, Dual) else a for a in inputs]
    if ufunc in TRUTHS:
        return ufunc(*values)
    if ufunc is np.matmul:
        return _matmul(*inputs)
    rules = (ONE[ufunc],) if ufunc in ONE else TWO.get(ufunc)
    if rules is None:
        raise TypeError(f"The ufunc {ufunc.__name__!r} has no derivative here. {_what_can()}")
    y = ufunc(*values)
    with np.errstate(all="ignore"):  # where the derivative is infinite or none, so is the gradient
        terms = [
            rule(y, *values) * a.tangent
            for a, rule in zip(inputs, rules, strict=True)
            if isinstance(a, Dual)
        ]
    return Dual(y, terms[0] if len(terms) == 1 else terms[0] + terms[1])


def _matmul(a, b):
    (a, da), (b, db) = _full(a), _full(b)
    return Dual(a @ b, da @ b + a @ db)


def _parts(a):
    """Return value and tangent, 0 for what is not Dual."""
    return (a.value, a.tangent) if isinstance(a, Dual) else (np.asarray(a), 0.0)


def _full(a):
    value, tangent = _parts(a)
    return value, np.broadcast_to(tangent, value.shape)


def _like(function):
    """Return a function of a Dual that does to value and tangent the same, which is right for
    linear ones.
    """
    return lambda a, *args, **kwargs: Dual(
        function(a.value, *args, **kwargs), function(a.tangent, *args, **kwargs)
    )


def _where(condition, *choices):
    condition = _parts(condition)[0]
    if len(choices) != 2:
        return np.where(condition, *choices)
    # a Python float stays one, so that it does not widen a float32
    a, b = (c.value if isinstance(c, Dual) else c for c in choices)
    da, db = (c.tangent if isinstance(c, Dual) else 0.0 for c in choices)
    return Dual(np.where(condition, a, b), np.where(condition, da, db))


def _select(condlist, choicelist, default=0.0):
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = _where(condition, choice, result)
    return result


def _clip(a, a_min=None, a_max=None, *, min=None, max=None):
    low, high = a_min if min is None else min, a_max if max is None else max
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def _join(function):
    def join(arrays, axis=0):
        parts = [_full(a) for a in arrays]
        return Dual(
            function([value for value, _ in parts], axis=axis),
            function([tangent for _, tangent in parts], axis=axis),
        )

    return join


def _plain(function):
    """Return a function of a Dual's value alone, for what does not depend on it."""
    return lambda a, *args, **kwargs: function(a.value, *args, **kwargs)


FUNCTIONS = {
    np.where: _where,
    np.select: _select,
    np.clip: _clip,
    np.concatenate: _join(np.concatenate),
    np.stack: _join(np.stack),
    **{
        f: _like(f)
        for f in (
            np.sum,
            np.mean,
            np.reshape,
            np.ravel,
            np.transpose,
            np.matrix_transpose,
            np.squeeze,
            np.expand_dims,
            np.broadcast_to,
        )
    },
    **{
        f: _plain(f)
        for f in (
            np.shape,
            np.ndim,
            np.size,
            np.zeros_like,
            np.ones_like,
            np.full_like,
            np.empty_like,
        )
    },
}


def _what_can():
    names = sorted(f.__name__ for f in (*ONE, *TWO, np.matmul, *FUNCTIONS))
    return (
        f"Write the function with those that have one ({', '.join(names)}, operators and "
        "comparisons), or give an "
        "Activation or Loss with its derivative."
    )
