"""Warnings that point at the user's own line.

The one decision: the line is looked for by the file that it is in, not by counting calls, since
pipelines, searches and callbacks put any number of these between it and a fit.
"""

import concurrent.futures
import inspect
import multiprocessing
import os
import threading
import warnings
from typing import Any
from weakref import WeakKeyDictionary

import joblib
import sklearn

_OWN = os.path.dirname(__file__) + os.sep
_PACKAGES = (joblib, sklearn, multiprocessing, concurrent.futures)
_BETWEEN = (
    _OWN,
    *(os.path.dirname(inspect.getfile(package)) + os.sep for package in _PACKAGES),
    threading.__file__,
    "<frozen",
)
_given_in_search: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()
_given_in_worker: set[Any] = set()


def warn_user(message, category=UserWarning, once=False):
    """Warn at the line that called this package, scikit-learn around it and joblib around that left
    out.

    In a worker, a process or a thread, there is no such line, and it is the last one before this
    package. ``once``: whether the many fits of one search give the message once. Python's filters
    cannot see to that, since scikit-learn sets them anew for each fit.
    """
    frame, level, found, search, owner = inspect.currentframe().f_back, 2, 2, False, None
    while frame is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        if frame.f_code.co_filename.startswith(_OWN):
            found = level + 1
        elif once:
            owner = frame.f_locals.get("self", owner)  # in the end that of the outermost call
            search = search or isinstance(owner, joblib.Parallel)
        frame, level = frame.f_back, level + 1
    given = (
        _given_in_worker
        if frame is None
        else _given_in_search.setdefault(owner, set())
        if search
        else set()
    )
    if not once or message not in given:
        warnings.warn(message, category, stacklevel=found if frame is None else level)
        given.add(message)
