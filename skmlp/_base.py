"""The base of the three estimators: the stages of a fit, going on with one, raw prediction.

The one decision: a fit works on a new network and a copy of the training state, and the estimator's
attributes are put back if anything is raised; so a fit that fails leaves the estimator as it was,
and going on is the same code as starting.
"""

import copy
from abc import ABCMeta, abstractmethod

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ._data.inputs import checked, needs_no_check, takes_tables
from ._data.measures import measure_of_inputs
from ._data.sources import fits_into, start_rows, stretched
from ._data.table import TableCodec
from ._data.targets import initial_scores, n_targets, target_rows
from ._data.weights import in_precision
from ._fit.data import Sources, any_missing, fit_data
from ._fit.endings import check_ending, interrupted
from ._fit.init_from import start_from
from ._fit.lbfgs import train_lbfgs
from ._fit.minibatches import train_minibatches
from ._fit.resumption import resumption_of
from ._fit.sklearn_callbacks import FitTasks
from ._fit.threads import one_thread, predicted
from ._fit.training import Minibatches, Training, check_batch_rows, new_state
from ._fit.transaction import all_or_nothing
from ._fit.validation import Evaluation
from ._inspect.fitted import FittedAttributes
from ._inspect.hidden import HiddenRepresentation
from ._inspect.summary import Summary
from ._params.build import block_ends, build_layers, plain_architecture
from ._params.constraints import CONSTRAINTS
from ._params.parameters import ExplainedParameters
from ._params.penalties import penalties_of
from ._params.units import is_lbfgs, make_schedule, make_solver
from ._params.without_effect import warn_without_effect
from ._saved.stored import Stored
from ._sklearn import CallbackSupportMixin, has_callbacks, with_callbacks
from ._warn import warn_user
from .nn.engine.network import Network
from .nn.engine.sources import Part
from .nn.losses.masked import masked


def takes_minibatches(estimator: "BaseMLP") -> bool:
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
    HiddenRepresentation,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base of the estimators; a subclass says what its blocks, its target and its loss are."""

    _parameter_constraints = CONSTRAINTS
    _keeps_missing = False  # whether missing values, NaN, stay so in the matrix of X
    # whether the score of its own is minus the loss, in ``_score_raw`` that of what is learned
    _scores_loss = False
    _has_code = False  # whether the last layer that ``transform`` goes through is a code
    _n_classes = 0
    _codec = None  # how X becomes the matrix that the network sees; that of the first fit
    _target_codec = None  # that of an autoencoder, whose target is X
    _target_measure = None  # by which it learns the target

    # ---- what a subclass says

    @abstractmethod
    def _check_data(self, X, y, reset, classes=None, every_class=False):
        """Return (X, target) valid for training, the target as ``_data/targets.py`` has it; set
        what they say if ``reset``.

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

    def _architecture(self):
        """Return the Architecture of the network."""
        return plain_architecture(self)

    def _for_score(self, raw):
        """Return what ``_score_raw`` needs of raw scores, in memory of its own."""
        return raw.copy()

    @abstractmethod
    def _score_raw(self, outputs, target, weight, losses=None):
        """Return the estimator's own score of what ``_for_score`` returned; ``losses``: those of
        the rows. Overwrites: outputs.
        """

    def _score_kind(self, network):
        """Return which score of ``ValidationRows`` ``_score_raw`` is, None for another one."""
        return "loss" if self._scores_loss else None

    def _strata(self, target, rows):
        """Return the classes of the rows, None where a target has no classes."""
        return None

    def _keep_moments(self, data, going_on):
        """Keep what is needed to know of the rows of the TrainingData, in addition to what is known
        if ``going_on``; nothing unless written.
        """

    def _check_start(self):
        """Raise ``ValueError`` for parameters of a subclass that do not go together."""

    def _pretrain(self, training):
        """Train the network of a first fit before its training; nothing unless written."""

    def _own_without_effect(self):
        """Return (name, why) of parameters of a subclass that have no effect."""
        return []

    # ---- fitting

    def _fit(self, given):
        """Fit, or raise and leave the estimator as it is. ``given``: Given."""
        with all_or_nothing(self), one_thread():
            self._validate_params()
            self._fit_valid(given)
        return self

    @with_callbacks
    def _fit_valid(self, given):
        """Go through the stages of a fit: data, held-out data, network, training, end."""
        first = not self.__sklearn_is_fitted__() or not (
            self.warm_start or given.incremental or resumption_of(self).n_made
        )
        rule = None if is_lbfgs(self) else make_solver(self)
        schedule = make_schedule(self)
        given.check(self, schedule)
        self._check_start()
        state = new_state(self.random_state) if first else copy.deepcopy(self._state)

        data, held_out = fit_data(self, given, first, state.seed)
        if not given.incremental and given.member is None:
            warn_without_effect(self, given.X_val is not None)
        resumption_of(self).check_rows(data.n_rows)
        self._learn_measures(data, first, given.incremental)
        self._keep_moments(data, given.incremental)

        quiet = given.incremental or given.member is not None
        batch_size = self._batch_size(data.n_rows, quiet)
        architecture = self._architecture()
        penalties = penalties_of(self, architecture.n_weights, rule, data.unit)
        dtype = self._precision(first, every_row=rule is None or data.n_rows <= batch_size)
        network = self._make_network(architecture, data, held_out, penalties.l2, dtype)
        transform_stop = block_ends(network)[architecture.n_transformed]
        sources = self._sources(data.X, data.target, data.weight, network.dtype, data.rows)
        if first:
            self._start(network, state, data, sources, transform_stop)
        else:
            self._go_on(network)

        minibatches = None
        if rule is not None:
            minibatches = Minibatches(rule, schedule, batch_size, penalties)

        # A scorer calls this estimator after each epoch, and callbacks copy it, so it has to be a
        # fitted one from here on; if training fails, ``all_or_nothing`` puts back what it was.
        self._network, self._state, self._transform_stop = network, state, transform_stop
        self._records = [] if first else list(self._records)
        training = Training(
            estimator=self,
            network=network,
            state=state,
            records=self._records,
            data=sources,
            minibatches=minibatches,
            evaluation=self._evaluation(network, sources, held_out),
            tasks=FitTasks(self, given) if has_callbacks(self) else None,
            incremental=given.incremental,
            member=given.member,
        )
        check_batch_rows(training)
        if first:
            self._pretrain(training)
        ending = train_lbfgs(training) if rule is None else train_minibatches(training)
        training.refresh_statistics()
        self.n_iter_ = ending.n_iter
        check_ending(training, ending)
        network.release()
        if training.tasks is not None and training.tasks.end():
            interrupted(training.tasks)

    def _precision(self, first, every_row):
        """Return the dtype of the network; ``every_row``: whether a step sees all rows."""
        if not isinstance(self.dtype, str) or self.dtype != "auto":
            return self.dtype
        if not first:
            return self._network.dtype
        return "float64" if every_row else "float32"

    def _make_network(self, architecture, data, held_out, alphas, dtype):
        """Return the network to train; ``alphas``: L2 penalties of its weight matrices."""
        n_in, loss = data.X.shape[1], self._make_loss()
        n_out = loss.n_scores * n_targets(data.target, self._n_classes, self._target_codec)
        layers = build_layers(self, architecture, n_in, n_out)
        objective = masked(loss) if any_missing(data, held_out) else loss
        return Network(layers, loss, n_in, dtype, alphas, objective)

    def _start(self, network, state, data, sources, transform_stop):
        """Give a network its first numbers: at random, the output's such that it predicts the best
        constant, the hidden layers' from another network or, where a layer wants it, from rows.

        Overwrites: network, state.
        """
        network.initialise(state.rng)
        target, weight = start_rows(data.target, data.weight, data.rows, network.n_targets)
        target = self._learned(target)
        start = initial_scores(
            network.objective, target, weight, self._n_classes, self._target_codec
        )
        network.start_output(start)
        copied = []
        if self.init_from is not None:
            copied = start_from(self.init_from, network, transform_stop, BaseMLP)
        network.start_layers(sources.x, state.rng, sources.weight, sources.rows, copied)

    def _go_on(self, network):
        """Give a network the numbers of the last fit. Overwrites: network."""
        try:
            network.load(self._network)
        except ValueError as error:
            raise ValueError(
                f"{type(self).__name__} cannot go on from its last fit, because the "
                f"architecture changed. {error} "
                "Undo the change, or fit with warm_start=False."
            ) from None

    def _evaluation(self, network, sources, held_out):
        """Return what evaluates the network on the held-out rows, None if there are none.

        ``sources``: those of the training data.
        """
        if held_out is None:
            return None
        X = held_out.X if held_out.rows is None else Part(sources.x, held_out.rows)
        held_out_sources = self._sources(X, held_out.target, held_out.weight, network.dtype)
        return Evaluation(self, network, held_out, held_out_sources)

    def _batch_size(self, n_rows, quiet=False):
        """Return the number of rows of a batch; warn if it is not what was asked for, unless
        ``quiet``.
        """
        if self.batch_size == "auto":
            return min(200, n_rows)
        if self.batch_size > n_rows and not quiet:
            warn_user(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped. "
                f"(batch_size={self.batch_size}, but there are {n_rows} rows to train on.)"
            )
        return min(self.batch_size, n_rows)

    def _sources(self, X, target, weight, dtype, rows=None):
        """Return the Sources of rows in the network's precision; ``rows``: those that are meant."""
        with fits_into(dtype):
            x = X if isinstance(X, Part) else self._input(X, dtype)
            if target is X:  # an autoencoder's
                learned = self._codec.targets(x)
            else:
                learned = self._learned(target, dtype)
                learned = target_rows(learned, self._n_classes, dtype, self._target_codec)
        return Sources(x, learned, in_precision(weight, dtype), rows)

    def _learn_measures(self, data, first, incremental):
        """Learn from the TrainingData of a first fit by which measure the network learns the
        target, which later fits keep; nothing unless written.
        """

    def _measure_of_inputs(self, X, weight, rows):
        """Return the measure by which the network sees X, None for X as it is."""
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

    # ---- tables

    def _make_codec(self, frame, form):
        """Return the codec of a frame that was given in this form, which has learned nothing."""
        return TableCodec(
            self.categorical_features,
            frame,
            form,
            self._keeps_missing,
            self.numeric_scaling,
            self.min_frequency,
        )

    @property
    def _in_training(self):
        """Whether it is asked from within its fit."""
        return self._network.grads is not None

    # ---- prediction

    def _raw(self, X):
        """Return the raw scores for checked X, in the precision of X."""
        return predicted(self._network.scores, self._input(X), dtype=X.dtype)

    def _check_X(self, X):
        """Return X checked for prediction."""
        check_is_fitted(self)
        return X if needs_no_check(self, X) else checked(self, X)

    def _input(self, X, dtype=None):
        """Return the source of rows of checked X, missing values filled; ``dtype``: their
        precision, None for the network's.
        """
        return self._codec.rows(X, dtype or self._network.dtype)

    def summary(self) -> Summary:
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
