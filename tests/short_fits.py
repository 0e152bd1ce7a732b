"""Small estimators that are fitted in no time, and something to do in the middle of their fits."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from skmlp import Autoencoder, MLPClassifier, MLPRegressor

from .problems import blobs, curve

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]


def quick(cls, **setting):
    default = {
        "hidden_layer_sizes": (6,),
        "learning_rate_init": 0.02,
        "batch_size": 32,
        "n_iter_no_change": np.inf,
        "max_iter": 20,
    }
    return cls(**{**default, "random_state": 0, **setting})


def problem(cls):
    return curve() if cls is MLPRegressor else blobs(3)


def at_epoch(do, task="epoch"):
    """Return a callback that calls ``do`` with the number of each epoch, after it.

    ``task``: what an epoch is called.
    """

    def on_fit_task_end(estimator, context):
        if context.task_name == task:
            do(context.task_id + 1)

    def nothing(estimator, context):
        pass

    return SimpleNamespace(
        setup=nothing, teardown=nothing, on_fit_task_begin=nothing, on_fit_task_end=on_fit_task_end
    )


def load(path):
    return pickle.loads(Path(path).read_bytes())


def in_another_process(code):
    """Start Python code in a process of its own, with the names of this module, of the package
    and of its callbacks.
    """
    names = (
        "import os, signal\nfrom skmlp import *\nfrom skmlp.callbacks import *\nfrom "
        "tests.short_fits import *\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-c", names + code], env=environment, stderr=subprocess.PIPE
    )
