"""Warnings that point at the user's own line.

The one decision: the line is looked for by the file that it is in, not by counting calls, since pipelines, searches and callbacks put any
number of these between it and a fit.
"""

import concurrent.futures
import inspect
import multiprocessing
import os
import threading
import warnings

import joblib
import sklearn

_OWN = os.path.dirname(__file__) + os.sep
_PACKAGES = (joblib, sklearn, multiprocessing, concurrent.futures)
_BETWEEN = (_OWN, *(os.path.dirname(package.__file__) + os.sep for package in _PACKAGES), threading.__file__, "<frozen")


def warn_user(message, category=UserWarning):
    """Warn at the line that called this package, scikit-learn around it and joblib around that left out.

    In a worker process there is no such line, and it is the last one before this package.
    """
    frame, level, found = inspect.currentframe().f_back, 2, 2
    while frame is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        if frame.f_code.co_filename.startswith(_OWN):
            found = level + 1
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=found if frame is None else level)
