"""What the estimators for tables share: a fit of members on one encoded table."""

from abc import ABCMeta, abstractmethod
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._data.encoded_table import EncodedTable
from .._data.inputs import checked
from .._data.weights import checked_weight, counted_rows
from .._fit.data import Given, Member
from .._fit.threads import free_threads, one_thread
from .._fit.transaction import all_or_nothing
from .._params.parameters import ExplainedParameters
from .._params.units import is_lbfgs
from .._saved.stored import CheckedState
from .._sklearn import CallbackSupportMixin, has_callbacks, with_callbacks
from .._warn import warn_user
from .epochs import Candidates, choose_epochs
from .folds import splits
from .members import in_threads, trained
from .recipe import batch_size_for, fading, n_epochs_for, recipe, validates_every
from .tasks import MemberTasks

_OWNED = {
    "categorical_features",
    "class_weight",
    "early_stopping",
    "random_state",
    "validation_cv",
    "validation_fraction",
    "verbose",
    "warm_start",
}
_SHARED = 50_000_000  # multiplications of a prediction from which threads share the members


class BaseTabularMLP(
    CallbackSupportMixin, ExplainedParameters, CheckedState, BaseEstimator, metaclass=ABCMeta
):
    """Base of the estimators for tables; a subclass says what its members are and what they learn.

    Members never see the table itself, but the matrix that one codec makes of it.
    """

    _target_options: dict[str, bool]  # for the check of y
    _keeps_missing = False
    _in_training = False

    # ---- what a subclass says

    @abstractmethod
    def _make(self, number, n_samples, n_features, **settings):
        """Return the unfitted member of this number with these settings."""

    @abstractmethod
    def _check_target(self, y, weight):
        """Return what members learn (n, ...), the strata of the rows or None, and their weights
        (n,) or None; set what it says.
        """

    @abstractmethod
    def _summarise(self, held_out):
        """Learn from what members say of rows that they have not seen.

        ``held_out``: for each member (rows, target, weight) and what it says, its raw scores or
        predictions.
        """

    # ---- fitting

    def make_estimator(self, n_samples: int = 5000, number: int = 0, n_features: int = 20) -> Any:
        """Return an unfitted estimator with the settings of a member. Its parameters show what
        ``member_params`` can replace.

        Parameters
        ----------
        n_samples : int, default=5000
            Number of training rows, on which ``batch_size``, ``max_iter`` and ``min_frequency``
            depend, and of a classifier the bins of ``numeric_embedding``.
        number : int, default=0
            Number of the member, on which settings may depend.
        n_features : int, default=20
            Number of columns, on which ``numeric_embedding`` depends.

        Returns
        -------
        estimator : MLPClassifier or MLPRegressor
        """
        batch_size = self.batch_size
        if batch_size == "auto":
            batch_size = batch_size_for(n_samples)
        max_iter = self.max_iter
        if max_iter == "auto":
            max_iter = n_epochs_for(n_samples, batch_size)
        settings = {
            **recipe(n_samples, max_iter),
            "hidden_layer_sizes": self.hidden_layer_sizes,
            "dropout": fading(self.dropout),
            "batch_size": batch_size,
            "categorical_features": self.categorical_features,
        }
        params = self.member_params or {}
        owned = sorted(_OWNED.intersection(params))
        if owned:
            raise ValueError(
                f"member_params has {owned}, which {type(self).__name__} sets for its members "
                "itself; leave them out."
            )
        member = self._make(number, n_samples, n_features, **settings).set_params(**params)
        if is_lbfgs(member):
            raise ValueError(
                "member_params has solver='lbfgs', which has no epochs of which the best could be "
                f"chosen; {type(self).__name__} needs a solver that trains on batches."
            )
        return member

    def _fit(self, X, y, sample_weight):
        """Fit, or raise and leave the estimator as it is."""
        with all_or_nothing(self), one_thread():
            self._validate_params()
            self._fit_valid(X, y, sample_weight)
        return self

    @with_callbacks
    def _fit_valid(self, X, y, sample_weight):
        """Fit with parameters that are valid."""
        tasks = MemberTasks(self, X, y, sample_weight) if has_callbacks(self) else None
        frame, y = checked(self, X, y, reset=True, **self._target_options)
        weight = checked_weight(frame, sample_weight)
        target, strata, weight = self._check_target(y, weight)
        rows = counted_rows(weight)
        rows = np.arange(len(frame)) if rows is None else rows
        self._codec.min_frequency = self.make_estimator(len(rows)).min_frequency
        self._codec.fit(frame, weight, rows, declared=False)
        table = EncodedTable(self._codec, self._codec.encode(frame).astype(np.float32))
        self._train(frame, table, target, strata, weight, rows, tasks)
        if tasks is not None and tasks.end():
            warn_user("Training interrupted by user.")

    def _train(self, frame, table, target, strata, weight, rows, tasks):
        """Train the members on a table, encoded as ``table``, of which ``rows`` count; ``tasks``:
        None without callbacks.
        """
        rng = check_random_state(self.random_state)
        seeds = rng.randint(2**31 - 1, size=self.n_estimators)
        strata = None if strata is None else strata[rows]
        pairs = splits(self.n_estimators, rows, strata, rng)
        n_rows = len(rows) if pairs[0] is None else len(pairs[0][0])
        candidates = {}

        def train(k, deadline):
            settings = {
                "random_state": int(seeds[k]),
                "early_stopping": pairs[k] is not None,
                "min_frequency": self._codec.min_frequency,  # of the whole table
            }
            member = self.make_estimator(n_rows, k, table.shape[1]).set_params(**settings)
            every = validates_every(member)
            candidates[k] = Candidates(every)
            callbacks = (deadline,) if pairs[k] is None else (deadline, candidates[k])
            given = Given(
                table,
                target,
                weight,
                classes=self._target_classes,
                member=Member(pairs[k], callbacks, self.n_estimators, frame, every),
            )
            with nullcontext() if tasks is None else tasks.member(k, member):
                member._fit(given)
            candidates[k].end()
            if tasks is not None and tasks.interrupted:
                deadline.end_all()
            return member

        n_threads = min(self._n_threads(), self.n_estimators)
        self.estimators_, interrupted = trained(
            train, self.n_estimators, n_threads, self.time_limit, self._report
        )
        if interrupted or (tasks is not None and tasks.interrupted):
            warn_user(
                f"Training was interrupted; {len(self.estimators_)} of {self.n_estimators} "
                "members are there, those that had begun."
            )
        choose_epochs([candidates[k] for k in sorted(candidates)])
        self.n_iter_ = max(member.n_iter_ for member in self.estimators_)
        held_out = [
            (pair[1], target[pair[1]], np.ones(len(pair[1])) if weight is None else weight[pair[1]])
            for pair in pairs[: len(self.estimators_)]
            if pair is not None
        ]
        size = len(rows) * self.estimators_[0]._network.params.size
        said = self._each(
            lambda k: self._said(self.estimators_[k], table.matrix[held_out[k][0]]),
            len(held_out),
            size,
        )
        self._summarise(list(zip(held_out, said, strict=True)))

    @property
    def _target_classes(self):
        """The classes that members know, None where there are none."""
        return None

    def _n_threads(self):
        """Return how many threads may compute at once."""
        return free_threads() if self.n_jobs is None else effective_n_jobs(self.n_jobs)

    def _report(self, k, member, seconds):
        """Print how a member ended."""
        if self.verbose:
            best = member.best_validation_score_
            score = "" if best is None else f", validation score {best:.4g}"
            print(
                f"member {k + 1} of {self.n_estimators}: {member.n_iter_} epochs{score}, "
                f"{seconds:.1f} s"
            )

    def _make_codec(self, frame, form):
        """Return the unlearned codec of a table, by the settings of the members."""
        return self.make_estimator(len(frame))._make_codec(frame, form)

    # ---- prediction

    def _check_X(self, X):
        """Return the matrix of a table to predict."""
        check_is_fitted(self)
        return checked(self, X)

    def _each(self, function, n, n_multiplications):
        """Return what a function gives for each number up to ``n``, by several threads if there is
        much to compute; products are computed by one each, so that results do not depend on it.
        """
        n_threads = min(self._n_threads(), n)
        with one_thread():
            if n_threads < 2 or n_multiplications < _SHARED:
                return [function(k) for k in range(n)]
            # each is one of several threads that compute, so that no helpers come as well
            return in_threads(one_thread()(function), n, n_threads)

    def _mean(self, function, n_rows):
        """Return the mean over the members of what a function of a member's number gives."""
        members = self.estimators_
        n_multiplications = n_rows * members[0]._network.params.size * len(members)
        parts = self._each(function, len(members), n_multiplications)
        total = parts[0]
        for part in parts[1:]:
            total += part
        total /= len(members)
        return total

    # ---- fitted attributes

    @property
    def history_(self) -> pd.DataFrame:
        check_is_fitted(self)
        names = range(len(self.estimators_))
        return pd.concat(
            [member.history_ for member in self.estimators_], keys=names, names=["estimator"]
        )

    @property
    def feature_importances_(self) -> np.ndarray:
        check_is_fitted(self)
        return np.mean([member.feature_importances_ for member in self.estimators_], axis=0)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inputs = tags.input_tags
        inputs.categorical = inputs.string = inputs.allow_nan = True
        return tags
