"""The file of a snapshot: where it lies, how it is written whole or not at all, and how it is read.

The one decision: it is two pickles, one after the other. The first is the estimator as a fit that
stopped there would have left it, so that whoever reads a pickle finds that and nothing else; the
second is what only a fit that goes on needs.
"""

import os
import pickle
import stat
import uuid
from pathlib import Path

from .._sklearn import without_callbacks
from ..nn.saved import stamped, unstamped


def place_of(path):
    """Return the file to write, which is where ``path`` leads if it is a symbolic link; raise
    ``OSError`` if no file can be there.
    """
    name = f"path={str(path)!r}"
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise FileExistsError(
            f"{name} is a link that leads back to itself; give the name of a file to write."
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"The directory of {name} does not exist; make it before the fit. ({target.parent})"
        )
    if target.exists() and not target.is_file():
        raise FileExistsError(
            f"{name} is there and is not a file; give the name of a file to write."
        )
    return target


def check_place(path, target, content):
    """Raise ``OSError`` if a file with this content cannot be written beside ``target``, which
    is where ``path`` leads.
    """
    try:
        _write_beside(target, content).unlink()
    except OSError as error:
        message = (
            f"path={str(path)!r} cannot be written: {error.strerror}. A snapshot needs a "
            "directory in which it may make files, and space."
        )
        raise OSError(error.errno, message) from error


def pickled(estimator):
    """Return a pickle of an estimator without its callbacks; raise ``ValueError`` that names the
    parameter that cannot be pickled.
    """
    try:
        return pickle.dumps(without_callbacks(estimator))
    except Exception as error:
        for name, value in estimator.get_params(deep=False).items():
            if not _can_be_pickled(value):
                raise ValueError(
                    f"{name}={value!r} cannot be pickled, so there can be no snapshot of "
                    f"{type(estimator).__name__} ({error}). A function "
                    "can if it is defined by def in a module, not inside another function."
                ) from error
        raise ValueError(
            f"{type(estimator).__name__} cannot be pickled, so there can be no snapshot of it "
            f"({error})."
        ) from error


def write(target, estimator, record):
    """Put the estimator and the ``record``, a dict of what going on needs, in the place of
    ``target``, all or nothing.

    The file has the mode of the one that it replaces. Until it is complete, it can be read by
    nobody who may not read it then.
    """
    beside = _write_beside(target, pickled(estimator) + pickle.dumps(stamped(record)), to_disk=True)
    try:
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read(path):
    """Return the estimator and the record."""
    try:
        file = open(path, "rb")  # noqa: SIM115, another error than those of reading
    except FileNotFoundError:
        raise FileNotFoundError(
            f"There is no snapshot path={str(path)!r}; where no epoch was written yet, call fit."
        ) from None
    with file:
        try:
            estimator, record = pickle.load(file), pickle.load(file)
        except (EOFError, pickle.UnpicklingError) as error:
            raise ValueError(
                f"path={str(path)!r} was not written by a Snapshot that one can go on from: "
                f"{error}."
            ) from error
    return estimator, unstamped(record, "snapshot")


def _write_beside(target, content, to_disk=False):
    """Return a new file beside ``target``, with this content and the mode of ``target`` if that
    is there.
    """
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    at_first = (
        0o666 if mode is None else mode & 0o600
    )  # the system takes away what the umask forbids
    try:
        with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, at_first)) as file:
            file.write(content)
            file.flush()
            if mode is not None:
                os.chmod(beside, mode)
            if to_disk:
                os.fsync(file.fileno())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _can_be_pickled(value):
    """Return whether a value can be pickled."""
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True
