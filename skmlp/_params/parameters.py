"""The parameters as an estimator has them: stored, named, set and validated."""

import functools

from .._sklearn import validate_parameter_constraints
from ..nn.saved import is_ours
from ..nn.unit import defaults
from .keys import explained, remedy


def store_parameters(estimator, values):
    """Store a constructor's arguments, its ``locals()``, under their own names."""
    for name in estimator._get_param_names():
        setattr(estimator, name, values[name])


class ExplainedParameters:
    """Gives an estimator clearer messages on its parameters, and the address of its page of the
    reference, which its picture in a notebook links to. Comes before ``BaseEstimator``.
    """

    _doc_link_module = "skmlp"
    _doc_link_template = (
        "https://skmlp.readthedocs.io/en/latest/api/generated/{estimator_module}.{estimator_name}"
        ".html"
    )

    @classmethod
    @functools.cache
    def _get_param_names(cls):
        """Return the names of the parameters, sorted; kept for each class, since scikit-learn reads
        them from the constructor's signature whenever it wants them, ten times in a fit.
        """
        return super()._get_param_names()

    def set_params(self, **params):
        """Set parameters of this estimator and of its components: the name ``parameter__name`` sets
        ``name`` of the instance that ``parameter`` holds.

        Parameters
        ----------
        **params : dict
            Values by name.

        Returns
        -------
        self : object
        """
        for name in params:
            key, _, inner = name.partition("__")
            if inner and key in self._get_param_names():
                value = params.get(key, getattr(self, key))
                if isinstance(value, type) or not hasattr(value, "set_params"):
                    raise ValueError(
                        f"{name} sets a parameter of an instance, but {key}={value!r} is none; "
                        f"{remedy(self, key, inner, value)}."
                    )
        return super().set_params(**params)

    def _validate_params(self):
        """Raise scikit-learn's error for an invalid parameter, with a hint. Most parameters have
        their default, which needs no check unless it is a user's class that chose it.
        """
        cls, params = type(self), self.get_params(deep=False)
        if is_ours(cls):
            usual = defaults(cls)
            params = {
                name: value
                for name, value in params.items()
                if name not in usual or value is not usual[name]
            }
        try:
            validate_parameter_constraints(cls._parameter_constraints, params, cls.__name__)
        except ValueError as error:
            raise type(error)(explained(str(error), self)) from None
