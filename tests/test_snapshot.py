"""Snapshots: what is written when, whole or not at all, and where."""

import os
import re
import resource
import shutil
import signal
import stat
import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmlp import MLPRegressor
from skmlp.callbacks import Snapshot, TimeLimit
from skmlp.nn import Adam

from .problems import curve
from .short_fits import ESTIMATORS, at_epoch, in_another_process, load, problem, quick
from .snapshots import assert_unchanged, state

pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = curve()


def fit(path, n_epochs=2, every=1):
    return (
        quick(MLPRegressor, max_iter=n_epochs).set_callbacks(Snapshot(path, every=every)).fit(X, Y)
    )


# ---- what is written when


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    ("every", "written"), [(1, [1, 2, 3, 4, 5, 6, 7]), (3, [3, 6, 7]), (100, [7])]
)
def test_snapshots_every_few_epochs_and_at_the_end(cls, every, written, tmp_path, monkeypatch):
    X, y = problem(cls)
    path, seen = tmp_path / "model.pkl", []

    def replace(source, destination, move=os.replace):
        move(source, destination)
        seen.append(load(destination))

    monkeypatch.setattr(os, "replace", replace)
    model = (
        quick(cls, max_iter=7)
        .set_callbacks(Snapshot(str(path), every=every), TimeLimit(1000))
        .fit(X, y)
    )
    assert [then.n_iter_ for then in seen] == written
    for then in seen:
        fresh = quick(cls, max_iter=then.n_iter_).fit(X, y)
        assert_array_equal(then.predict(X), fresh.predict(X))
        assert vars(then).keys() == vars(fresh).keys()  # and nothing of the callbacks
    assert os.listdir(tmp_path) == ["model.pkl"]
    assert len(model._skl_callbacks) == 2


@pytest.mark.slow
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_process_killed_while_it_writes_leaves_the_snapshot_before(step, tmp_path):
    path = tmp_path / "model.pkl"
    process = in_another_process(f"""
calls, whole = [], os.{step}
def killed(*args):
    calls.append(args)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    whole(*args)
os.{step} = killed
quick(MLPRegressor).set_callbacks(Snapshot({str(path)!r}, every=2)).fit(*problem(MLPRegressor))
""")
    error = process.communicate()[1].decode()
    assert process.returncode == -signal.SIGKILL, error
    assert_array_equal(load(path).predict(X), quick(MLPRegressor, max_iter=4).fit(X, Y).predict(X))
    left = [name for name in os.listdir(tmp_path) if name != "model.pkl"]
    assert len(left) == 1
    assert left[0].startswith(".model.pkl.")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_snapshot_that_fails_leaves_the_one_before_and_the_estimator_as_it_was(
    step, tmp_path, monkeypatch
):
    path = tmp_path / "model.pkl"
    model = quick(MLPRegressor, warm_start=True).fit(X, Y).set_callbacks(Snapshot(path))
    before = state(model, X)
    path.write_text("the one before")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"):
        model.fit(X, Y)
    assert path.read_text() == "the one before"
    assert os.listdir(tmp_path) == ["model.pkl"]
    assert_unchanged(before, state(model, X))


# ---- what cannot be done is said before the first epoch


def refused(path, error, match, **setting):
    """Assert that a fit is refused before its first epoch, and that its estimator stays as it
    was.
    """
    epochs = []
    model = quick(MLPRegressor, max_iter=3, warm_start=True).fit(X, Y).set_params(**setting)
    model.set_callbacks(at_epoch(epochs.append), Snapshot(path, every=2))
    before = state(model, X)
    with pytest.raises(error, match=match):
        model.fit(X, Y)
    assert epochs == []
    assert_unchanged(before, state(model, X))


def test_a_directory_that_does_not_exist_is_refused(tmp_path):
    refused(
        tmp_path / "none" / "model.pkl",
        FileNotFoundError,
        r"path='.*model.pkl' does not exist; make it",
    )


def test_what_is_in_the_place_of_a_snapshot_must_be_a_file(tmp_path):
    refused(tmp_path, FileExistsError, r"path='.*' is there and is not a file")


def test_a_directory_that_may_not_be_written_into_is_refused():
    """To root, who may write everywhere, that happens as somebody else."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o555)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        refused(
            place / "model.pkl",
            PermissionError,
            rf"path='{re.escape(str(place))}/model.pkl' cannot be written: Permission denied\. ",
        )
        assert os.listdir(place) == []
    finally:
        os.seteuid(user)
        shutil.rmtree(place)


def test_too_little_space_is_refused(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        refused(
            tmp_path / "model.pkl",
            OSError,
            r"path='.*model.pkl' cannot be written: File too large\. ",
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == []


def test_a_name_that_is_too_long_is_refused(tmp_path):
    refused(tmp_path / ("m" * 250), OSError, r"cannot be written: File name too long\.")


class Locked(Adam):
    """An optimizer that no pickle can hold."""

    def __reduce__(self):
        raise TypeError("locked")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (
            {"activation": lambda z: np.maximum(z, 0)},
            r"activation=<function <lambda> at .*> cannot be pickled, .* of MLPRegressor ",
        ),
        (
            {"scoring": lambda *args: 0.0, "early_stopping": True},
            r"scoring=<function <lambda> at .*> cannot be pickled",
        ),
        (
            {"augmentation": [lambda X, y, rng: (X, y)]},
            r"augmentation=\[<function <lambda> at .*>\] cannot be pickled",
        ),
        ({"solver": Locked()}, r"solver=Locked\(\) cannot be pickled.*\(locked\)"),
    ],
    ids=["activation", "scoring", "augmentation", "solver"],
)
def test_a_parameter_that_cannot_be_pickled_is_refused(setting, told, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_text("the one before")
    refused(path, ValueError, told, **setting)
    assert path.read_text() == "the one before"
    assert os.listdir(tmp_path) == ["model.pkl"]


# ---- modes and links


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.mark.parametrize(
    ("before", "umask", "after"),
    [(0o600, 0o022, 0o600), (0o666, 0o077, 0o666), (None, 0o022, 0o644), (None, 0o077, 0o600)],
)
def test_the_mode_is_that_of_the_file_before_or_of_a_new_file(
    before, umask, after, tmp_path, monkeypatch
):
    path, modes = tmp_path / "model.pkl", []
    if before is not None:
        path.write_text("the one before")
        path.chmod(before)

    def opened(name, flags, *args, system=os.open, **options):
        descriptor = system(name, flags, *args, **options)
        if flags & os.O_CREAT:
            modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    monkeypatch.setattr(os, "open", opened)
    was = os.umask(umask)
    try:
        fit(path)
    finally:
        os.umask(was)
    assert mode(path) == after
    assert len(modes) == 3  # at first to see whether it can be done
    assert all(each & ~after == 0 for each in modes)


@pytest.mark.parametrize("kind", ["absolute", "relative", "dangling", "link to a link"])
def test_a_link_stays_and_what_it_leads_to_is_replaced(kind, tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "files").mkdir()
    link, target = tmp_path / "links" / "model.pkl", tmp_path / "files" / "real.pkl"
    if kind != "dangling":
        target.write_text("the one before")
        target.chmod(0o640)
    if kind == "link to a link":
        (tmp_path / "second").symlink_to(target)
    link.symlink_to(
        {"relative": Path("../files/real.pkl"), "link to a link": Path("../second")}.get(
            kind, target
        )
    )
    led = os.readlink(link)
    model = fit(link)
    assert link.is_symlink()
    assert os.readlink(link) == led
    assert not target.is_symlink()
    assert_array_equal(load(target).predict(X), model.predict(X))
    assert kind == "dangling" or mode(target) == 0o640
    assert [os.listdir(tmp_path / name) for name in ("links", "files")] == [
        ["model.pkl"],
        ["real.pkl"],
    ]


def test_links_that_lead_to_no_file_are_refused(tmp_path):
    for name, target in (
        ("directory", tmp_path),
        ("nowhere", tmp_path / "none" / "model.pkl"),
        ("circle", tmp_path / "circle"),
    ):
        (tmp_path / name).symlink_to(target)
    refused(
        tmp_path / "directory", FileExistsError, r"path='.*directory' is there and is not a file"
    )
    refused(
        tmp_path / "nowhere",
        FileNotFoundError,
        r"The directory of path='.*nowhere' does not exist; .*\(.*none\)",
    )
    refused(
        tmp_path / "circle", FileExistsError, r"path='.*circle' is a link that leads back to itself"
    )


def test_the_file_is_where_it_was_when_the_fit_began(tmp_path, monkeypatch):
    """Even if the working directory changes."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    quick(MLPRegressor, max_iter=4).set_callbacks(
        at_epoch(lambda n: os.chdir(tmp_path / "elsewhere")), Snapshot("model.pkl")
    ).fit(X, Y)
    assert os.listdir(tmp_path / "elsewhere") == []
    assert load(tmp_path / "model.pkl").n_iter_ == 4
