"""The parameters that only a regressor has: which values they take, and what the docs say."""

from .constraints import CONSTRAINTS, loss_constraint, loss_keys
from .docs import loss_doc
from .parameter_docs import more

REGRESSOR_CONSTRAINTS = {
    **CONSTRAINTS,
    "loss": loss_constraint("regression"),
    "normalize_y": ["boolean"],
}

REGRESSOR_DOCS = {
    "loss": loss_doc(
        loss_keys("regression"),
        "Huber(0.5)",
        """For several outputs it is their sum. 'poisson' and 'tweedie' need targets that are
        not negative, 'gamma' positive ones. With 'quantile' ``predict`` gives the quantiles 0.1,
        0.5 and 0.9, with ``Quantile(0.9)`` that one, with ``Quantile((0.05, 0.95))`` two;
        'gaussian_nll' learns the standard deviation too, which ``predict(X, return_std=True)``
        gives. A function of prediction and target made of NumPy's elementwise functions, such as
        ``lambda prediction, target: np.log1p((prediction - target) ** 2)``, is differentiated
        automatically (:mod:`skmlp.nn.autodiff.custom`).""",
        function=True,
    ),
    "hidden_layer_sizes": more(
        "hidden_layer_sizes",
        "With ``()`` there is none, and the model is linear (linear regression).",
    ),
    "augmentation": more(
        "augmentation",
        """y has a column for each output, in the units of y; it stays as it is unless an augmenter
        changes it.""",
    ),
    "normalize_y": """
    normalize_y : bool, default=True
        Whether the network learns the standardised y, so that neither the unit of y nor its
        distance from zero changes the model. Mean and standard deviation of each output are
        computed from the rows that the first fit trains on, with their weights, in double
        precision; where a few values are far from the others, both leave them out. With 'poisson',
        'gamma' and 'tweedie' y is divided by its mean instead. Predictions, losses and scores are
        in the units of y. Outputs of different sizes have the same weight in the objective; their
        loss is reported as the sum of the losses of the normalised outputs, in units of the mean
        output. ``alpha``, ``tol``, a loss's own hyperparameters (the ``delta`` of Huber's),
        ``coefs_`` and ``intercepts_`` refer to the normalised y: ``predict(X)`` is
        ``target_offset_ + target_scale_ * output``. A function as the loss gets y itself. If False,
        the network learns y as it is, as in scikit-learn.""",
}

REGRESSOR_ATTRIBUTE_DOCS = {
    "target_offset_": """
    target_offset_ : ndarray of shape (n_outputs,)
        What ``normalize_y`` subtracts from y, zeros without it.""",
    "target_scale_": """
    target_scale_ : ndarray of shape (n_outputs,)
        What ``normalize_y`` divides y by, ones without it.""",
}
