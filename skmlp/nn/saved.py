"""What is saved of a model carries a stamp: which version wrote it, in which format.

The one decision: the format is a number of its own. A version reads its own format, whichever version wrote it, and refuses every other,
since a pickle of another format might be taken for something it is not. ``FORMAT`` is raised when an array, an attribute or a unit
changes its name, its place or its meaning; a new parameter whose default is what was done before does not raise it (``Unit``).
"""

VERSION = "0.1.0"
FORMAT = 1
_STAMP = "_skmlp_saved"


def stamped(state):
    """Return the state of an object, a dict, with the stamp of this version."""
    return {**state, _STAMP: {"version": VERSION, "format": FORMAT}}


def unstamped(state, name):
    """Return the state without its stamp; raise ``ValueError`` if it is of another format. ``name``: of what was saved."""
    stamp = state.get(_STAMP)
    version, number = (stamp.get("version"), stamp.get("format")) if isinstance(stamp, dict) else (None, None)
    if number != FORMAT:
        writer = "a version of skmlp that left no stamp" if version is None else f"skmlp {version} in format {number}"
        raise ValueError(
            f"This {name} was saved by {writer}; skmlp {VERSION} reads format {FORMAT} only. Load it with the version that saved it, or "
            "fit it again."
        )
    return {key: value for key, value in state.items() if key != _STAMP}


def check_fit(what, saved, now):
    """Raise ``ValueError`` unless ``what`` was saved, such as names and shapes of arrays, is what there is now."""
    if saved != now:
        raise ValueError(f"The saved model does not fit skmlp {VERSION}: its {what} are {saved}, but they should be {now}.")
