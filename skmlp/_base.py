"""What the three estimators share: fitting, resuming, raw prediction.

The one decision: a fit works on a new network and a copy of the training state, and the estimator's
attributes are put back if anything is raised; so a fit that fails leaves the estimator as it was,
and going on is the same code as starting.
"""

import copy
from abc import ABCMeta, abstractmethod
from functools import partial
from types import SimpleNamespace

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._data.inputs import checked, encoded, needs_no_check, takes_tables
from ._data.measures import measure_of_inputs
from ._data.missing import has_missing
from ._data.sources import fits_into, start_rows, stretched, take
from ._data.targets import initial_scores, n_targets, target_rows
from ._data.weights import checked_weight, counted_rows, in_precision, near_one
from ._fit.endings import check_ending
from ._fit.init_from import fitted_network, start_from
from ._fit.pretraining import check_pretraining, pretrain
from ._fit.resumption import resumption_of
from ._fit.sklearn_callbacks import FitTasks
from ._fit.threads import limited_threads, predicted
from ._fit.training import new_state, train_lbfgs, train_minibatches
from ._fit.transaction import all_or_nothing
from ._fit.validation import Evaluation, given_split, split_rows, warn_of_another_scale
from ._inspect.fitted import FittedAttributes
from ._inspect.summary import Summary
from ._params.build import (
    block_ends,
    build_layers,
    check_batch_rows,
    is_lbfgs,
    make_schedule,
    make_solver,
    penalty_strengths,
)
from ._params.keys import ExplainedParameters
from ._params.shared import CONSTRAINTS
from ._params.without_effect import warn_without_effect
from ._saved.stored import Stored
from ._sklearn import CallbackSupportMixin, has_callbacks, with_callbacks
from ._warn import warn_user
from .nn.engine.network import Network
from .nn.engine.sources import Part
from .nn.layers import Dense
from .nn.losses.masked import masked


def takes_minibatches(estimator):
    """Return True if the solver can make single steps, else raise ``AttributeError``."""
    if is_lbfgs(estimator):
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
        )
    return True


class BaseMLP(
    ExplainedParameters,
    FittedAttributes,
    Stored,
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base of the estimators; a subclass says what its blocks, its target and its loss are."""

    _parameter_constraints = CONSTRAINTS
    _keeps_missing = False  # whether missing values, NaN, stay so in the matrix of X
    # whether the score of its own is minus the loss, in ``_score_raw`` that of what is learned
    _scores_loss = False
    _codec = None  # how X becomes the matrix that the network sees; that of the first fit
    _target_codec = None  # that of an autoencoder, whose target is X
    _target_measure = None  # by which it learns the target

    # ---- what a subclass says

    @abstractmethod
    def _check_data(self, X, y, reset, classes=None, every_class=False):
        """Return (X, target) valid for training, the target as ``_targets`` has it; set what they
        say if ``reset``.

        ``classes``: all there will be, None for those in y; ``every_class``: whether y must have
        all that are known.
        """

    @abstractmethod
    def _balance(self, target, weight):
        """Return the sample weights (n,) or None with class weights multiplied in; raise if the
        weighted target cannot be learned.
        """

    @abstractmethod
    def _make_loss(self):
        """Return the loss unit."""

    @abstractmethod
    def _make_blocks(self):
        """Return the hidden blocks, and how many of them ``transform`` goes through."""

    def _for_score(self, raw):
        """Return what ``_score_raw`` needs of raw scores, in memory of its own."""
        return raw.copy()

    @abstractmethod
    def _score_raw(self, said, target, weight, losses=None):
        """Return the estimator's own score of what ``_for_score`` returned; ``losses``: those of
        the rows. Overwrites: said.
        """

    def _keep_moments(self, X, weight, rows, going_on):
        """Keep what is needed to know of the rows trained on, in addition to what is known if
        ``going_on``; nothing unless written.
        """

    # ---- fitting

    def _fit(
        self,
        X,
        y,
        sample_weight=None,
        held_out=(None, None, None),
        incremental=False,
        classes=None,
        groups=None,
    ):
        """Fit, or raise and leave the estimator as it is.

        ``held_out``: X_val, y_val, sample_weight_val.
        """
        with all_or_nothing(self):
            self._validate_params()
            self._fit_valid(X, y, sample_weight, held_out, incremental, classes, groups)
        return self

    @with_callbacks
    def _fit_valid(self, given_X, given_y, sample_weight, held_out, incremental, classes, groups):
        first = not self.__sklearn_is_fitted__() or not (
            self.warm_start or incremental or resumption_of(self).n_made
        )
        schedule, rule = make_schedule(self), None if is_lbfgs(self) else make_solver(self)
        if incremental and schedule.planned and schedule.n_epochs is None:
            raise ValueError(
                f"partial_fit cannot know how long {schedule!r} lasts; give it n_epochs, as in "
                f"{type(schedule).__name__}(n_epochs=20)."
            )
        pretraining = getattr(self, "pretraining", None)  # autoencoders only
        if pretraining is not None:
            check_pretraining(self)
        X, target = self._check_data(
            given_X, given_y, first, classes, every_class=not (first or incremental)
        )
        weight, unit = near_one(self._balance(target, checked_weight(X, sample_weight)))
        rows = counted_rows(weight)
        if not incremental:
            warn_without_effect(self, held_out[0] is not None)
        state = new_state(self.random_state) if first else copy.deepcopy(self._state)

        kept = None
        if groups is not None and self.validation_cv is None:
            raise ValueError(
                "groups was given, but validation_cv=None does not use it. Give a splitter that "
                "does, such as GroupShuffleSplit()."
            )
        if held_out[0] is None and (held_out[1] is not None or held_out[2] is not None):
            raise ValueError(
                "y_val or sample_weight_val was given without X_val; give X_val too, or none of "
                "them."
            )
        if held_out[0] is None and self.early_stopping and rule is not None:
            if incremental:
                raise ValueError(
                    "partial_fit does not support early_stopping=True: a single epoch has nothing "
                    "to stop."
                )
            every = np.arange(X.shape[0]) if rows is None else rows
            scored_y = None if target is X else given_y  # X to X is split and scored without a y
            if self.validation_cv is None:
                rows, kept = split_rows(
                    every, self._strata(target, every), self.validation_fraction, state.seed
                )
            else:
                rows, kept = given_split(self, X, scored_y, groups, every)
        X, target = encoded(
            self, X, target, weight, rows, first, incremental, fitted_network(self.init_from)
        )
        validation = None if held_out[0] is None else self._check_held_out(*held_out)
        if validation is not None and not self._codec.is_table:
            warn_of_another_scale(X, validation[0])
        if kept is not None:
            original = None if weight is None else weight * unit
            validation = (
                None,
                *take(kept, target, weight),
                lambda: take(kept, given_X, scored_y, original),
            )

        self._learn_measures(X, target, weight, rows, first, incremental)
        n_rows = X.shape[0] if rows is None else len(rows)
        resumption_of(self).check_rows(n_rows)
        batch_size = self._batch_size(n_rows, incremental)
        network = self._make_network(X, target, rule, first, unit, whole=n_rows <= batch_size)
        check_batch_rows(self, network, n_rows, n_rows if rule is None else batch_size, incremental)
        if any(
            has_missing(labels)
            for labels in (target, *(() if validation is None else validation[1:2]))
        ):
            network.objective = masked(network.loss)
        self._keep_moments(X, weight, rows, incremental)
        data = self._sources(X, target, weight, network.dtype)
        data.rows, data.unit = rows, unit
        if first:
            network.initialise(state.rng)
            start, start_weight = start_rows(target, weight, rows, network.n_targets)
            start = initial_scores(
                network.objective,
                self._learned(start),
                start_weight,
                self._n_classes,
                self._target_codec,
            )
            network.start_output(start)
        transform_stop = block_ends(network)[self._make_blocks()[1]]
        if first and self.init_from is not None:
            start_from(self.init_from, network, transform_stop, BaseMLP)
        self._network, self._state, self._transform_stop = network, state, transform_stop
        self._records = [] if first else list(self._records)

        evaluate = None
        if validation is not None:
            held_X, *others, given = validation
            held = self._sources(
                held_X if kept is None else Part(data.x, kept), *others, network.dtype
            )
            refresh = partial(
                network.refresh_statistics, data.x, data.weight, rows, always=rule is None
            )
            evaluate = Evaluation(self, network, held, validation[1], given, refresh)
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
                    self,
                    network,
                    rule,
                    schedule,
                    state,
                    self._records,
                    data,
                    batch_size,
                    evaluate,
                    incremental,
                    tasks,
                )
            network.refresh_statistics(data.x, data.weight, rows, always=rule is None)
            self.n_iter_ = ending.n_iter
            check_ending(self, network, data, ending, incremental)
        network.release()
        if tasks is not None:
            tasks.end()

    def _make_network(self, X, target, rule, first, unit, whole):
        """Return the network to train, not initialised if ``first``, else with the fitted numbers.

        ``unit``: that of the weights; ``whole``: a step sees all rows.
        """
        dtype = self.dtype
        if isinstance(dtype, str) and dtype == "auto":
            dtype = (
                self._network.dtype
                if not first
                else "float64"
                if whole or rule is None
                else "float32"
            )
        blocks, _ = self._make_blocks()
        loss = self._make_loss()
        layers = build_layers(
            self,
            blocks,
            X.shape[1],
            loss.n_scores * n_targets(target, self._n_classes, self._target_codec),
        )
        alphas = [
            alpha / unit
            for alpha in penalty_strengths(self, sum(isinstance(layer, Dense) for layer in layers))
        ]
        network = Network(
            layers, loss, X.shape[1], dtype, () if rule is not None and rule.decoupled else alphas
        )
        if not first:
            try:
                network.load(self._network)
            except ValueError as error:
                raise ValueError(
                    f"{type(self).__name__} cannot go on from its last fit, because the "
                    f"architecture changed. {error} "
                    "Undo the change, or fit with warm_start=False."
                ) from None
        return network

    def _check_held_out(self, X_val, y_val, sample_weight_val):
        X, target = self._check_data(X_val, y_val, False)
        weight = checked_weight(X, sample_weight_val)
        return X, target, weight, lambda: (X_val, y_val, weight)

    def _strata(self, target, rows):
        """Return the classes of the rows, None where a target has no classes."""
        return self.classes_[target[rows]] if target.ndim == 1 else None

    def _batch_size(self, n_rows, incremental):
        if self.batch_size == "auto":
            return min(200, n_rows)
        if self.batch_size > n_rows and not incremental:
            warn_user(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped. "
                f"(batch_size={self.batch_size}, but there are {n_rows} rows to train on.)"
            )
        return min(self.batch_size, n_rows)

    def _sources(self, X, target, weight, dtype):
        """Return sources of rows in the network's precision."""
        with fits_into(dtype):
            x = X if isinstance(X, Part) else self._input(X, dtype)
            own = target is X  # an autoencoder's
            learned = None if own else self._learned(target, dtype)
            target = (
                self._codec.targets(x)
                if own
                else target_rows(learned, self._n_classes, dtype, self._target_codec)
            )
        return SimpleNamespace(x=x, target=target, weight=in_precision(weight, dtype), rows=None)

    def _learn_measures(self, X, target, weight, rows, first, incremental):
        """Learn from the rows of a first fit by which measure the network learns the target, which
        later fits keep; nothing unless written.
        """

    def _measure_of_inputs(self, X, weight, rows):
        return measure_of_inputs(X, weight, rows)

    def _learned(self, target, dtype=np.float64):
        """Return a target as the network learns it, in this precision if that is another."""
        measure = self._target_measure
        if measure is None:
            return target
        if sparse.issparse(target):
            return (
                measure.normalised(target.toarray())
                if np.any(measure.offset)
                else stretched(target, measure)
            )
        return measure.normalised(target, dtype)

    # ---- prediction

    def _raw(self, X):
        """Return the raw scores for checked X, in the precision of X."""
        return predicted(self._network.scores, self._input(X), dtype=X.dtype)

    def _check_X(self, X):
        check_is_fitted(self)
        return X if needs_no_check(self, X) else checked(self, X)

    def _input(self, X, dtype=None):
        """Return the source of rows of checked X, missing values filled; ``dtype``: their
        precision, None for the network's.
        """
        return self._codec.rows(X, dtype or self._network.dtype)

    def transform(self, X):
        """Return the hidden representation of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_units)
            The last hidden layer's output (without hidden layers the input), for an autoencoder the
            code.
        """
        X = self._check_X(X)
        return predicted(
            self._network.scores, self._input(X), stop=self._transform_stop, dtype=X.dtype
        )

    @property
    def _n_features_out(self):
        return self._network.widths[self._transform_stop]

    @property
    def _n_classes(self):
        return (
            len(self.classes_) if "classes_" in self._stores.kinds else 0
        )  # elsewhere it may be a note of the user's

    def summary(self):
        """Return the network as a table: layers, shapes of their outputs, numbers of parameters.

        Returns
        -------
        summary : Summary
            Prints as text (``print(model.summary())``), is shown as HTML in a notebook, and has
            ``n_parameters``, the number of parameters trained, and ``rows``, the table.
        """
        return Summary.of(type(self).__name__, self._fitted()._network)

    # ---- what scikit-learn and pickle ask

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_network")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not takes_tables(self)
        tags.input_tags.categorical = tags.input_tags.allow_nan = takes_tables(self)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
