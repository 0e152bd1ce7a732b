"""All or nothing: a fit that fails or is interrupted leaves the estimator as it was."""

from contextlib import contextmanager


@contextmanager
def all_or_nothing(estimator):
    """Put the attributes of an estimator back if anything is raised, Ctrl-C included; what they
    refer to must not be overwritten.
    """
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise
