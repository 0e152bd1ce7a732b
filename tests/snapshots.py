"""All that can be seen of an estimator, to compare before and after."""

import numpy as np


def state(estimator, X):
    """Return all that can be seen of an estimator."""
    seen = {name: value for name, value in vars(estimator).items() if not name.startswith("_")}
    if hasattr(estimator, "_network"):
        seen["arrays"] = np.concatenate([estimator.transform(X).ravel(), estimator._network.params])
        seen["stream"] = estimator._state.rng.bit_generator.state
        seen["clock"] = vars(estimator._state.clock).copy()
        seen["slots"] = {name: slot.copy() for name, slot in estimator._state.slots.items()}
        seen["loss_curve_"] = list(estimator.loss_curve_)
    return set(vars(estimator)), seen


def assert_unchanged(before, after):
    assert before[0] == after[0]
    np.testing.assert_equal(after[1], before[1])
