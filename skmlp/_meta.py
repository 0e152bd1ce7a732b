"""What the meta-estimators around an autoencoder share: the copy of the given one that they fit,
its seeds and its weights, and what stands for None.

What is given may be a pipeline that ends in an autoencoder; a search reaches its parameters through
``estimator__``.
"""

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import has_fit_parameter, validate_data

from ._autoencoder import Autoencoder
from ._data.columns import categorical_columns, numbers_of
from ._data.frames import as_frame
from ._data.weights import checked_weight, counted_rows, near_one
from ._sklearn import safe_indexing


def fitted_copy(meta, X, sample_weight, check, default):
    """Return a fitted copy of the parameter ``estimator`` of a meta-estimator, and the X and the
    weights, (n,) or None, that it was fitted with.

    None stands for ``default(X)``, fitted on the distinct rows of ``check(X)``.
    Seeds are drawn from ``random_state`` if that is not None.
    """
    weight = checked_weight(X, sample_weight)
    if meta.estimator is None:
        X, weight = distinct_rows(check(X), weight)
        estimator = default(X)
    else:
        validate_data(meta, X, skip_check_array=True)
        estimator = clone(meta.estimator)
    if meta.random_state is not None:
        _seed(estimator, check_random_state(meta.random_state))
    given = apart(X, estimator)
    # the scaler of ``default`` warns of columns without values before the network refuses them
    with np.errstate(**({"invalid": "ignore"} if meta.estimator is None else {})):
        estimator.fit(given, None, **({} if weight is None else _weights_for(estimator, weight)))
    return estimator, X, weight


def default_autoencoder(X, n_epochs, **parameters):
    """Return an autoencoder for X with a wide hidden layer and these ``parameters``.

    ``n_epochs``: how many it is trained for; above 2000 rows fewer, in proportion, but 20 or more.
    """
    n_rows, n_features = X.shape
    width = min(max(2 * n_features, 128), 512)
    return Autoencoder(
        width // 2,
        (width,),
        batch_size=min(64, n_rows),
        learning_rate="one_cycle",
        learning_rate_init=0.005,
        max_iter=min(max(2000 * n_epochs // n_rows, 20), n_epochs),
        n_iter_no_change=np.inf,
        **parameters,
    )


def distinct_rows(X, weight):
    """Return the distinct rows of an array or frame, in an order that depends on their values
    only, and their weights, 1 on average.
    """
    rows = counted_rows(weight)
    if rows is not None:
        X, weight = safe_indexing(X, rows), weight[rows]
    hashed = pd.util.hash_pandas_object(_by_value(as_frame(X)), index=False).to_numpy()
    _, first, group = np.unique(hashed, return_index=True, return_inverse=True)
    counts = np.bincount(group, near_one(weight)[0])
    return safe_indexing(X, first), counts / counts.mean()


def _by_value(frame):
    """Return a frame that has the same hashes whatever the dtypes of another one: numbers in double
    precision, and texts in the place of categories, since to a hash 1 and "1" are the same.
    """
    categorical = set(categorical_columns("from_dtype", frame))
    columns = {}
    for j in range(frame.shape[1]):
        if j in categorical:
            column = frame.iloc[:, j].astype(object)
            columns[j] = column.map(repr).where(column.notna(), "")
        else:
            columns[j] = numbers_of(frame, j)
    return pd.DataFrame(columns)


def takes_missing(estimator):
    """Return whether an estimator takes missing values; a pipeline, of whose tag this is no
    part, if all its steps do.
    """
    if isinstance(estimator, Pipeline):
        return all(
            step in (None, "passthrough") or takes_missing(step) for _, step in estimator.steps
        )
    return get_tags(estimator).input_tags.allow_nan


def apart(X, estimator):
    """Return X for a call after which X is needed again: a copy for a pipeline that works in
    place, by ``copy=False`` of a step.
    """
    return X.copy() if _in_place(estimator) and hasattr(X, "copy") else X


def _in_place(estimator):
    if not isinstance(estimator, Pipeline):
        return False
    return any(
        getattr(step, "copy", True) is False or _in_place(step) for _, step in estimator.steps
    )


def divided(estimator):
    """Return the pipelines of transformers that an estimator begins with, in order, and what it
    ends in; there are none before an estimator alone.
    """
    before = []
    while isinstance(estimator, Pipeline):
        if len(estimator) > 1:
            before.append(estimator[:-1])
        estimator = estimator[-1]
    return before, estimator


def last_step(estimator):
    """Return what an estimator ends in: itself, or the last step of a pipeline."""
    return divided(estimator)[1]


def _seed(estimator, rng):
    """Set each random_state among the parameters of an estimator. Overwrites: estimator."""
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    estimator.set_params(**{name: int(rng.randint(2**31 - 1)) for name in sorted(names)})


def _weights_for(estimator, weight):
    """Return the arguments of ``fit`` that give the weights to all steps that take them; with
    metadata routing ask these to take them.

    Overwrites: estimator.
    """
    steps = estimator.steps if isinstance(estimator, Pipeline) else [("", estimator)]
    takers = {
        name: step
        for name, step in steps
        if hasattr(step, "fit") and has_fit_parameter(step, "sample_weight")
    }
    name, last = steps[-1]
    if name not in takers:
        raise ValueError(
            f"sample_weight was given, but fit of {last!r} takes no sample_weight; leave it out."
        )
    if estimator is last:
        return {"sample_weight": weight}
    if get_config()["enable_metadata_routing"]:
        for step in takers.values():
            step.set_fit_request(sample_weight=True)
        return {"sample_weight": weight}
    return {f"{name}__sample_weight": weight for name in takers}
