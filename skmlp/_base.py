"""What the three estimators share: fitting, resuming, raw prediction, fitted attributes.

The one decision: a fit works on a new network and a copy of the training state, and the estimator's attributes are put back if
anything is raised; so a fit that fails leaves the estimator as it was, and going on is the same code as starting.
"""

import copy
from abc import ABCMeta, abstractmethod
from types import SimpleNamespace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._build import build_layers, is_lbfgs, layers_of_blocks, make_schedule, make_solver, penalty_strengths
from ._columns import labels_of
from ._endings import check_ending
from ._init_from import start_from
from ._inputs import checked, fitted_table, needs_no_check, takes_tables
from ._keys import ExplainedParameters
from ._missing import filled_rows, known_means
from ._parameters import CONSTRAINTS
from ._pretraining import check_pretraining, pretrain
from ._rows import counted_rows, fits_into, input_rows, start_rows
from ._sklearn import CALLBACK_STATE, CallbackSupportMixin, check_sample_weight, has_callbacks, with_callbacks
from ._summary import Summary
from ._table import embeddings
from ._targets import given_back, has_unknown, n_targets, start_scores, target_rows
from ._tasks import FitTasks
from ._threads import limited_threads, predicted
from ._training import new_state, train_lbfgs, train_minibatches
from ._validation import given_split, make_evaluate, split_rows, take
from ._views import Views
from ._warn import warn_user
from ._without_effect import warn_without_effect
from .nn.data import Part
from .nn.known import known_part
from .nn.layers import Dense
from .nn.network import Network
from .nn.saved import check_fit, stamped, unstamped
from .nn.unit import defaults


def takes_minibatches(estimator):
    """Return True if the solver can make single steps, else raise ``AttributeError``."""
    if is_lbfgs(estimator):
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


class BaseMLP(
    ExplainedParameters, CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, metaclass=ABCMeta
):
    """Base of the estimators; a subclass says what its blocks, its target and its loss are."""

    _parameter_constraints = CONSTRAINTS
    _takes_missing = False  # whether X may have missing values, NaN
    _table = None  # what is known of a table's columns

    # ---- what a subclass says

    @abstractmethod
    def _check_data(self, X, y, reset, classes=None, every_class=False):
        """Return (X, target) valid for training, the target as ``_targets`` has it; set what they say if ``reset``.

        ``classes``: all there will be, None for those in y; ``every_class``: whether y must have all that are known.
        """

    @abstractmethod
    def _balance(self, target, weight):
        """Return the sample weights (n,) or None with class weights multiplied in; raise if the weighted target cannot be learned."""

    @abstractmethod
    def _make_loss(self):
        """Return the loss unit."""

    @abstractmethod
    def _make_blocks(self):
        """Return the hidden blocks, and how many of them ``transform`` goes through."""

    @abstractmethod
    def _score_raw(self, raw, target, weight):
        """Return the estimator's own score of raw scores against a target. Overwrites: raw."""

    def _keep_moments(self, X, weight, rows, going_on):
        """Keep what is needed to know of the rows trained on, in addition to what is known if ``going_on``; nothing unless written."""

    # ---- fitting

    def _fit(self, X, y, sample_weight=None, held_out=(None, None, None), incremental=False, classes=None, groups=None):
        """Fit, or raise and leave the estimator as it is. ``held_out``: X_val, y_val, sample_weight_val."""
        before = self.__dict__.copy()
        try:
            self._validate_params()
            self._fit_valid(X, y, sample_weight, held_out, incremental, classes, groups)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    @with_callbacks
    def _fit_valid(self, given_X, given_y, sample_weight, held_out, incremental, classes, groups):
        first = not self.__sklearn_is_fitted__() or not (self.warm_start or incremental)
        schedule, rule = make_schedule(self), None if is_lbfgs(self) else make_solver(self)
        if incremental and schedule.planned and schedule.n_epochs is None:
            raise ValueError(
                f"partial_fit cannot know how long {schedule!r} lasts; give it n_epochs, as in {type(schedule).__name__}(n_epochs=20)."
            )
        pretraining = getattr(self, "pretraining", None)  # autoencoders only
        if pretraining is not None:
            check_pretraining(self)
        X, target = self._check_data(given_X, given_y, first, classes, every_class=not (first or incremental))
        weight = self._balance(target, self._check_weight(X, sample_weight))
        rows = counted_rows(weight)
        if not incremental:
            warn_without_effect(self, held_out[0] is not None)
        state = new_state(self.random_state) if first else copy.deepcopy(self._state)

        kept = None
        if groups is not None and self.validation_split is None:
            raise ValueError(
                "groups was given, but validation_split=None does not use it. Give a splitter that does, such as GroupShuffleSplit()."
            )
        if held_out[0] is None and (held_out[1] is not None or held_out[2] is not None):
            raise ValueError("y_val or sample_weight_val was given without X_val; give X_val too, or none of them.")
        if held_out[0] is None and self.early_stopping and rule is not None:
            if incremental:
                raise ValueError("partial_fit does not support early_stopping=True: a single epoch has nothing to stop.")
            every = np.arange(X.shape[0]) if rows is None else rows
            scored_y = None if target is X else given_y  # X to X is split and scored without a y
            if self.validation_split is None:
                rows, kept = split_rows(every, self._strata(target, every), self.validation_fraction, state.seed)
            else:
                rows, kept = given_split(self, X, scored_y, groups, every)
        X, target = fitted_table(self, X, target, weight, rows, first, incremental)
        validation = None if held_out[0] is None else self._check_held_out(*held_out)
        if kept is not None:
            validation = (None, *take(kept, target, weight), lambda: take(kept, given_X, scored_y))

        n_rows = X.shape[0] if rows is None else len(rows)
        batch_size = self._batch_size(n_rows, incremental)
        network = self._make_network(X, target, rule, first, whole=n_rows <= batch_size)
        if any(has_unknown(labels) for labels in (target, *(() if validation is None else validation[1:2]))):
            network.objective = known_part(network.loss)
        if first and self._takes_missing:
            self.mean_ = known_means(X, weight, rows, labels_of(self)) if self._table is None else self._table.means
        self._keep_moments(X, weight, rows, incremental)
        data = self._sources(X, target, weight, network.dtype)
        data.rows = rows
        if first:
            network.initialise(state.rng)
            start = start_rows(target, weight, rows, network.n_targets)
            network.start_output(start_scores(network.objective, *start, self._n_classes, self._target_table))
        transform_stop = layers_of_blocks(network, self._make_blocks()[1])
        if first and self.init_from is not None:
            start_from(self.init_from, network, transform_stop, BaseMLP)
        self._network, self._state, self._transform_stop = network, state, transform_stop
        self._records = [] if first else list(self._records)

        evaluate = None
        if validation is not None:
            held_X, *others, given = validation
            held = self._sources(held_X if kept is None else Part(data.x, kept), *others, network.dtype)
            evaluate = make_evaluate(self, network, held.x, held.target, held.weight, validation[1], given)
        tasks = None
        if has_callbacks(self):
            name, n_epochs = ("partial_fit", 1) if incremental else ("fit", self.max_iter)
            tasks = FitTasks(self, given_X, given_y, sample_weight, name, n_epochs)
        with limited_threads(network, n_rows if rule is None else batch_size):
            if first and pretraining:
                pretrain(self, network, rule, schedule, state, data, batch_size)
            if rule is None:
                ending = train_lbfgs(self, network, state, self._records, data, evaluate, tasks)
            else:
                ending = train_minibatches(
                    self, network, rule, schedule, state, self._records, data, batch_size, evaluate, incremental, tasks
                )
            network.refresh_statistics(data.x, data.weight, rows, always=rule is None)
            self.n_iter_ = ending.n_iter
            check_ending(self, network, data, ending, incremental)
        network.release()
        if tasks is not None:
            tasks.end()

    def _make_network(self, X, target, rule, first, whole):
        """Return the network to train, not initialised if ``first``, else with the fitted numbers. ``whole``: a step sees all rows."""
        dtype = self.dtype
        if isinstance(dtype, str) and dtype == "auto":
            dtype = self._network.dtype if not first else "float64" if whole or rule is None else "float32"
        blocks, _ = self._make_blocks()
        loss = self._make_loss()
        layers = build_layers(self, blocks, X.shape[1], loss.n_scores * n_targets(target, self._n_classes, self._target_table))
        alphas = penalty_strengths(self, sum(isinstance(layer, Dense) for layer in layers))
        network = Network(layers, loss, X.shape[1], dtype, () if rule is not None and rule.decoupled else alphas)
        if not first:
            try:
                network.load(self._network)
            except ValueError as error:
                raise ValueError(
                    f"{type(self).__name__} cannot go on from its last fit, because the architecture changed. {error} "
                    "Undo the change, or fit with warm_start=False."
                ) from None
        return network

    def _check_weight(self, X, sample_weight):
        if sample_weight is None:
            return None
        return check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)

    def _check_held_out(self, X_val, y_val, sample_weight_val):
        X, target = self._check_data(X_val, y_val, False)
        return X, target, self._check_weight(X, sample_weight_val), lambda: (X_val, y_val)

    def _strata(self, target, rows):
        """Return the classes of the rows, None where a target has no classes."""
        return self.classes_[target[rows]] if target.ndim == 1 else None

    def _batch_size(self, n_rows, incremental):
        if self.batch_size == "auto":
            return min(200, n_rows)
        if self.batch_size > n_rows and not incremental:
            warn_user(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped. "
                f"(batch_size={self.batch_size}, but there are {n_rows} rows to train on.)"
            )
        return min(self.batch_size, n_rows)

    def _sources(self, X, target, weight, dtype):
        """Return sources of rows in the network's precision."""
        with fits_into(dtype):
            x = X if isinstance(X, Part) else self._input(X, dtype)
            own = target is X  # an autoencoder's
            target = given_back(x, self._table) if own else target_rows(target, self._n_classes, dtype, self._target_table)
        return SimpleNamespace(x=x, target=target, weight=None if weight is None else weight.astype(dtype), rows=None)

    # ---- prediction

    def _raw(self, X):
        """Return the raw scores for checked X without missing values."""
        return predicted(self._network.scores, input_rows(X, self._network.dtype))

    def _check_X(self, X):
        check_is_fitted(self)
        return X if needs_no_check(self, X) else checked(self, X)

    def _input(self, X, dtype):
        """Return the source of rows of checked X, missing values filled."""
        if not self._takes_missing:
            return input_rows(X, dtype)
        return filled_rows(X, dtype, self.mean_ if self._table is None else self._table.filling)

    def _source(self, X):
        """Return the source of rows of X, checked, missing values filled; to look for them costs nothing where a check is not needed."""
        check_is_fitted(self)
        dtype = self._network.dtype
        return input_rows(X, dtype) if needs_no_check(self, X) else self._input(checked(self, X), dtype)

    def transform(self, X):
        """Return the hidden representation of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_units)
            The last hidden layer's output (without hidden layers the input), for an autoencoder the code.
        """
        source = self._source(X)
        return predicted(self._network.scores, source, stop=self._transform_stop)

    @property
    def _n_features_out(self):
        return self._network.widths[self._transform_stop]

    @property
    def _n_classes(self):
        return len(getattr(self, "classes_", ()))

    @property
    def _target_table(self):
        return self._table if self._takes_missing else None

    def summary(self):
        """Return the network as a table: layers, shapes of their outputs, numbers of parameters.

        Returns
        -------
        summary : Summary
            Prints as text (``print(model.summary())``), is shown as HTML in a notebook, and has ``n_parameters``, the number of parameters
            trained, and ``rows``, the table.
        """
        return Summary.of(type(self).__name__, self._fitted()._network)

    # ---- fitted attributes

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_network")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not takes_tables(self)
        tags.input_tags.categorical = tags.input_tags.allow_nan = takes_tables(self)
        tags.transformer_tags.preserves_dtype = []
        return tags

    def __getstate__(self):
        return stamped({name: value for name, value in super().__getstate__().items() if name not in CALLBACK_STATE})

    def __setstate__(self, state):
        state = {**defaults(type(self)), **unstamped(state, type(self).__name__)}
        if "_network" in state:
            for name, slot in state["_state"].slots.items():
                check_fit(f"shape of the optimizer's {name}", slot.shape, state["_network"].params.shape)
        super().__setstate__(state)

    def _fitted(self):
        check_is_fitted(self)
        return self

    def _parameter_views(self, name):
        views = self._fitted()._network.views()
        return Views(views[key] for key in sorted(key for key in views if key[1] == name))

    @property
    def coefs_(self):
        return Views(self._fitted()._network.weights())

    @coefs_.setter
    def coefs_(self, arrays):
        self.coefs_[:] = arrays

    @property
    def intercepts_(self):
        return Views(view[0] for view in self._parameter_views("bias"))

    @intercepts_.setter
    def intercepts_(self, arrays):
        self.intercepts_[:] = arrays

    @property
    def slopes_(self):
        network = self._fitted()._network
        views = network.views()
        slopes = [views.get((i, "slope")) for i, layer in enumerate(network.layers) if layer.activates]
        return [None if slope is None else slope[0] for slope in slopes]

    @property
    def embeddings_(self):
        if self._fitted()._table is None:
            raise AttributeError("There are embeddings only of a table's categories; see categorical_features.")
        return embeddings(self._table, self._network)

    @property
    def history_(self):
        return pd.DataFrame(self._fitted()._records).set_index("epoch")

    @property
    def loss_curve_(self):
        return [record["loss"] for record in self._fitted()._records]

    @property
    def loss_(self):
        return self.loss_curve_[-1]

    @property
    def best_loss_(self):
        return None if self._fitted().early_stopping and self.validation_scores_ else min(self.loss_curve_)

    @property
    def validation_scores_(self):
        scores = [record["validation_score"] for record in self._fitted()._records if "validation_score" in record]
        return scores or None

    @property
    def best_validation_score_(self):
        scores = self.validation_scores_
        return None if scores is None else float(np.nanmax(scores))

    @property
    def t_(self):
        return self._fitted()._state.clock.samples

    @property
    def n_layers_(self):
        return len(self.coefs_) + 1

    @property
    def n_outputs_(self):
        return self._fitted()._network.n_targets

    @property
    def out_activation_(self):
        return self._fitted()._network.loss.out_activation
