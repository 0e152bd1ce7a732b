"""What ``verbose=True`` prints of a fit: a table of epochs, and sentences on how training ended."""


def columns_of(third, evaluate):
    """Return the columns of the table of epochs; ``third``: the one behind the losses."""
    return [
        "epoch",
        "loss",
        *([] if evaluate is None else ["validation_loss", "validation_score"]),
        third,
        "seconds",
    ]


def asked_by(estimator):
    """Return that callbacks ended training; which of several it was is not known."""
    names = " or ".join(
        dict.fromkeys(type(callback).__name__ for callback in estimator._skl_callbacks)
    )
    return f"A callback asked for it ({names})."


def kept_weights(stopping, state, n_epochs):
    """Return a sentence on which epoch the weights are of, and which was the best."""
    if stopping.has_kept:
        return (
            f"The weights of epoch {state.best_epoch}, which had the best validation score, "
            "are restored."
        )
    if state.best_epoch in (0, n_epochs):
        return "The weights are those of the last epoch."
    return (
        "The weights are those of the last epoch; the training loss was least in epoch "
        f"{state.best_epoch}."
    )


def lbfgs_ending(estimator, result):
    """Return why SciPy's solver ended."""
    if result.status == 0:
        return f"Converged ({result.message})."
    if result.status != 1:
        return f"The line search failed ({result.message})."
    return (
        f"max_iter={estimator.max_iter} reached."
        if result.nit >= estimator.max_iter
        else f"max_fun={estimator.max_fun} reached."
    )
