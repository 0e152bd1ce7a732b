"""What is said of a training that does not end well: errors, warnings, and what the data say of the cause.

The one decision: training hands over what it knows, and every sentence about its end stands here.
"""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ._build import is_lbfgs
from ._warn import warn_user


def is_finite(network):
    """Return whether all parameters and running statistics are numbers."""
    return bool(np.isfinite(network.params).all() and np.isfinite(network.state).all())


def diverged_message(estimator, epoch):
    """Return what to say of weights or losses that are not finite."""
    remedies = ["scale the features, for instance with StandardScaler"]
    if is_lbfgs(estimator):
        when = "iteration"
    else:
        when = "epoch"
        remedies.append(f"lower learning_rate_init, now {estimator.learning_rate_init!r}")
        if estimator.clip_norm is None:
            remedies.append("bound the gradient with clip_norm")
    advice = " or ".join([", ".join(remedies[:-1]), remedies[-1]] if len(remedies) > 1 else remedies)
    return (
        "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed. "
        f"(The loss is not finite in {when} {epoch}. {advice[0].upper()}{advice[1:]}.)"
    )


def interrupted():
    """Warn of an interrupt, and return why training ended."""
    warn_user("Training interrupted by user.")
    return "Interrupted by the user."


def warn_restored(epoch, best_epoch):
    """Warn that training diverged after an epoch that is kept."""
    warn_user(f"Training diverged in epoch {epoch}; the weights of epoch {best_epoch} are restored.", ConvergenceWarning)


def warn_max_iter(n_epochs):
    """Warn that minibatch training ended before it made no more progress, in scikit-learn's words."""
    message = f"Stochastic Optimizer: Maximum iterations ({n_epochs}) reached and the optimization hasn't converged yet."
    warn_user(message, ConvergenceWarning)


def warn_lbfgs(estimator, result):
    """Warn where SciPy's solver did not converge, in scikit-learn's words. ``result``: its OptimizeResult."""
    if result.status == 0:
        return
    message = f"lbfgs failed to converge after {result.nit} iteration(s) (status={result.status}):\n{result.message}\n"
    if result.nit >= estimator.max_iter:
        message += f"\nIncrease the number of iterations to improve the convergence (max_iter={estimator.max_iter})."
    message += "\nYou might also want to scale the data as shown in:\n    https://scikit-learn.org/stable/modules/preprocessing.html"
    warn_user(message, ConvergenceWarning)
