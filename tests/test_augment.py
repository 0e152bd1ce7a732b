"""Augmenters against SciPy and NumPy on single images, and what an estimator makes of
``augmentation``.

Every augmenter that is public is tested for what all of them promise.
"""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, sparse, stats
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

import skmlp.augment
from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.augment._images import Cutout, ElasticDeformation, Flip, Rotation, Shift
from skmlp.augment._rows import GaussianNoise, Mixup

from .problems import blobs, curve, digits, labels
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHAPE = (6, 5)
AUGMENTERS = {
    "Cutout": Cutout(3, SHAPE),
    "ElasticDeformation": ElasticDeformation(8.0, 2.0, SHAPE),
    "Flip": Flip(1, 0.5, SHAPE),
    "GaussianNoise": GaussianNoise(0.3),
    "Mixup": Mixup(0.4),
    "Rotation": Rotation(30.0, SHAPE),
    "Shift": Shift(2, SHAPE),
}
ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
each_augmenter = pytest.mark.parametrize("augmenter", AUGMENTERS.values(), ids=list(AUGMENTERS))
each_image_augmenter = pytest.mark.parametrize(
    "augmenter",
    [unit for unit in AUGMENTERS.values() if hasattr(unit, "image_shape")],
    ids=lambda unit: type(unit).__name__,
)


def stream(seed=0):
    return np.random.default_rng(seed)


def batch(n=20, shape=SHAPE, dtype=np.float64, seed=1):
    """Return (X, y): images of random pixels, and ones and zeros for three classes."""
    rng = stream(seed)
    return rng.random((n, int(np.prod(shape)))).astype(dtype), np.eye(3, dtype=dtype)[
        rng.integers(0, 3, n)
    ]


def changed_images(augmenter, X, seed=0):
    """Return the images before and after."""
    shape = (len(X), *augmenter.image_shape)
    return X.reshape(shape), augmenter(X, np.zeros((len(X), 1)), stream(seed))[0].reshape(shape)


# ---- what all promise


def test_none_is_forgotten():
    assert set(AUGMENTERS) == set(skmlp.augment.__all__)


@each_augmenter
@given(n=st.integers(1, 9), single=st.booleans(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_shapes_dtypes_and_the_batch_stay(augmenter, n, single, seed):
    X, y = batch(n, dtype=np.float32 if single else np.float64, seed=seed)
    before = X.copy(), y.copy()
    new_X, new_y = augmenter(X, y, stream(seed))
    assert_array_equal(X, before[0])
    assert_array_equal(y, before[1])
    assert (new_X.shape, new_X.dtype) == (X.shape, X.dtype)
    assert (new_y.shape, new_y.dtype) == (y.shape, y.dtype)
    assert not np.shares_memory(new_X, X)
    assert np.isfinite(new_X).all()
    assert_allclose(new_y.sum(axis=1), 1.0, rtol=1e-6)
    if not isinstance(augmenter, GaussianNoise):
        assert new_X.min() >= 0.0
        assert new_X.max() <= 1.0


@each_augmenter
def test_randomness_is_that_of_the_stream(augmenter):
    X, y = batch()
    first, again, other = (augmenter(X, y, stream(seed)) for seed in (0, 0, 1))
    assert_array_equal(first[0], again[0])
    assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    rng = stream()
    first, second = augmenter(X, y, rng)[0], augmenter(X, y, rng)[0]
    assert not np.array_equal(first, second)


@each_augmenter
def test_labels_are_copied_or_mixed(augmenter):
    X, y = batch()
    new_y = augmenter(X, y, stream())[1]
    assert np.array_equal(new_y, y) != isinstance(augmenter, Mixup)


@each_augmenter
def test_it_is_a_unit(augmenter):
    assert repr(clone(augmenter)) == repr(augmenter) == repr(pickle.loads(pickle.dumps(augmenter)))
    augmenter.check()


@each_augmenter
def test_memory_is_as_stated(augmenter):
    """The docstrings' numbers of arrays of the size of X, and a little for masks, frames and
    indices.
    """
    X, y = batch(200, (30, 20))
    if hasattr(augmenter, "image_shape"):
        augmenter = clone(augmenter).set_params(image_shape=(30, 20))
    most = {
        "Cutout": 1,
        "Flip": 1,
        "GaussianNoise": 1,
        "Mixup": 2,
        "Rotation": 7,
        "Shift": 2,
        "ElasticDeformation": 9,
    }
    tracemalloc.start()
    try:
        augmenter(X, y, stream())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (most[type(augmenter).__name__] + 0.6) * X.nbytes


@each_image_augmenter
def test_channels_change_alike(augmenter):
    X = batch()[0]
    colours = np.stack([X, 2 * X, 3 * X], axis=-1).reshape(len(X), -1)
    coloured = clone(augmenter).set_params(image_shape=(*SHAPE, 3))
    alone, three = changed_images(augmenter, X)[1], changed_images(coloured, colours)[1]
    assert three.shape == (*alone.shape, 3)
    for channel in range(3):
        assert_allclose(three[..., channel], (channel + 1) * alone, rtol=1e-14)


@each_image_augmenter
def test_images_do_not_mix(augmenter):
    """An image changes as it did among others when the others are different ones."""
    X = batch()[0]
    others = X.copy()
    others[1::2] = 7.0
    _, found = changed_images(augmenter, X)
    _, among_others = changed_images(augmenter, others)
    assert_array_equal(found[::2], among_others[::2])


# ---- each against another source


def test_noise_is_normal():
    X, y = batch(5000)
    noise = GaussianNoise(0.3)(X, y, stream())[0] - X
    assert stats.kstest(noise.ravel(), stats.norm(0.0, 0.3).cdf).pvalue > 0.01
    assert_allclose(np.corrcoef(noise[:, :3].T), np.eye(3), atol=0.05)
    assert_array_equal(GaussianNoise(0.0)(X, y, stream())[0], X)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_mixup_shares_are_beta_distributed(alpha):
    X = np.arange(4000.0)[
        :, None
    ]  # from x = l i + (1 - l) j and y = l i^2 + (1 - l) j^2 both l and j follow
    mixed, squares = Mixup(alpha)(X, X**2, stream())
    i, x, y = X[:, 0], mixed[:, 0], squares[:, 0]
    told = np.abs(x - i) > 0.5
    partner = np.rint((y - i * x)[told] / (x - i)[told])
    share = (x[told] - partner) / (i[told] - partner)
    # a share within rounding of 1, or a row that is its own partner, tells nothing
    law = stats.beta(alpha, alpha)
    inside = (share > 0.01) & (share < 0.99)
    assert inside.mean() > 0.4
    low, high = law.cdf([0.01, 0.99])
    assert stats.kstest(share[inside], lambda x: (law.cdf(x) - low) / (high - low)).pvalue > 0.01
    assert len(np.unique(partner)) == len(partner)


def test_mixup_mixes_a_row_and_its_target_alike():
    X, _ = batch()
    for rng_X, rng_y in zip(*Mixup(1.0)(X, X[:, :4], stream()), strict=True):
        assert_allclose(rng_X[:4], rng_y, rtol=1e-14)
    target = np.array([[0.0], [np.nan], [1.0]])
    mixed = Mixup(1.0)(np.zeros((3, 2)), target, stream())[1]
    assert np.isnan(mixed[1])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 20])
def test_cutout_covers_a_square(size):
    X = 1.0 + batch(300)[0]
    before, after = changed_images(Cutout(size, SHAPE, fill=-1.0), X)
    covered = after == -1.0
    assert_array_equal(after[~covered], before[~covered])
    corners = set()
    for image in covered:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        if size == 0:
            assert not image.any()
            continue
        assert image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert image.sum() == len(rows) * len(columns)
        for found, length in ((rows, SHAPE[0]), (columns, SHAPE[1])):
            assert len(found) == min(size, length) or 0 in found or length - 1 in found
            assert len(found) <= size
        corners.add((rows[0], rows[-1], columns[0], columns[-1]))
    if size == 1:
        assert len(corners) == SHAPE[0] * SHAPE[1]


@pytest.mark.parametrize("pixels", [0, 1, 2, 9])
def test_shift_is_that_of_scipy(pixels):
    before, after = changed_images(
        Shift(pixels, SHAPE, fill=-1.0), batch(50 if pixels > 2 else 400)[0]
    )
    moves = [
        (down, right) for down in range(-pixels, pixels + 1) for right in range(-pixels, pixels + 1)
    ]
    seen = set()
    for image, moved in zip(before, after, strict=True):
        fits = [
            move
            for move in moves
            if np.array_equal(ndimage.shift(image, move, order=0, cval=-1.0), moved)
        ]
        assert fits
        seen.update(fits if len(fits) == 1 else [])
    if pixels < 3:
        assert seen == set(moves)


@pytest.mark.parametrize("axis", [0, 1])
def test_flip_is_that_of_numpy(axis):
    before, after = changed_images(Flip(axis, 0.3, SHAPE), batch(1000)[0])
    mirrored = [
        np.array_equal(np.flip(image, axis), new) for image, new in zip(before, after, strict=True)
    ]
    same = [np.array_equal(image, new) for image, new in zip(before, after, strict=True)]
    assert_array_equal(mirrored, ~np.array(same))
    assert stats.binomtest(sum(mirrored), 1000, 0.3).pvalue > 0.01
    assert_array_equal(
        changed_images(Flip(axis, 1.0, SHAPE), batch()[0])[1],
        np.flip(batch()[0].reshape(20, *SHAPE), axis + 1),
    )
    assert_array_equal(*changed_images(Flip(axis, 0.0, SHAPE), batch()[0]))


@pytest.mark.parametrize("shape", [(6, 5), (8, 8), (3, 10)])
def test_rotation_is_that_of_scipy(shape):
    X, _ = batch(50, shape)
    before, after = changed_images(Rotation(60.0, shape, fill=0.5), X, seed=4)
    angles = stream(4).uniform(-60.0, 60.0, 50)
    for image, angle, turned in zip(before, angles, after, strict=True):
        expected = ndimage.rotate(
            image, angle, reshape=False, order=1, mode="grid-constant", cval=0.5
        )
        assert_allclose(turned, expected, atol=1e-12)
    assert_array_equal(*changed_images(Rotation(0.0, shape), X))


def test_rotation_by_a_quarter_is_that_of_numpy():
    class Quarter:
        def uniform(self, low, high, shape):
            return np.full(shape, high)

    X, y = batch(3, (5, 5))
    turned = Rotation(90.0, (5, 5))(X, y, Quarter())[0]
    assert_allclose(turned.reshape(3, 5, 5), np.rot90(X.reshape(3, 5, 5), axes=(1, 2)), atol=1e-12)


def test_elastic_deformation_is_that_of_single_images():
    shape, alpha, sigma = (9, 7), 12.0, 2.0
    X, _ = batch(8, shape)
    before, after = changed_images(ElasticDeformation(alpha, sigma, shape, fill=0.5), X, seed=5)
    field = stream(5).uniform(-1.0, 1.0, (2, 8, *shape))
    for k in range(8):
        moves = [
            alpha * ndimage.gaussian_filter(part, sigma, mode="constant") for part in field[:, k]
        ]
        places = [place + move for place, move in zip(np.indices(shape), moves, strict=True)]
        expected = ndimage.map_coordinates(
            before[k], places, order=1, mode="grid-constant", cval=0.5
        )
        assert_allclose(after[k], expected, atol=1e-12)
    assert_array_equal(*changed_images(ElasticDeformation(0.0, sigma, shape), X))


def test_elastic_moves_are_of_the_stated_size():
    """Read off images whose pixels say where they are."""
    shape, sigma = (40, 40), 4.0
    X = np.tile(np.indices(shape)[0].ravel().astype(float), (50, 1))
    before, after = changed_images(ElasticDeformation(12.0, sigma, shape), X)
    inner = (after - before)[:, 14:26, 14:26]
    assert_allclose(inner.std(), 12.0 / (6.0 * sigma), rtol=0.15)


# ---- errors


@pytest.mark.parametrize(
    ("augmenter", "words"),
    [
        (GaussianNoise(-1.0), "scale must be a number in"),
        (Mixup(0.0), "alpha must be a number in"),
        (Cutout(1.5, SHAPE), "size must be a whole number, got 1.5"),
        (Shift(-1, SHAPE), "pixels must be a number in"),
        (Shift(0.5, SHAPE), "pixels must be a whole number, got 0.5"),
        (Flip(2, 0.5, SHAPE), "axis must be a number in"),
        (Flip(1, 1.5, SHAPE), "probability must be a number in"),
        (Rotation(-3, SHAPE), "degrees must be a number in"),
        (Rotation(3, 30), r"image_shape must be \(height, width\)"),
        (Rotation(3, (30,)), r"image_shape must be \(height, width\)"),
        (Rotation(3, (6, 0)), r"image_shape must be \(height, width\)"),
        (Rotation(3, (2, 2), fill=np.inf), "fill must be a number in"),
        (ElasticDeformation(1, 0, SHAPE), "sigma must be a number in"),
        (Rotation(3, (28, 28)), r"image_shape=\(28, 28\) means 784 features, but X has 5"),
        (lambda X, y, rng: X, "must return a pair"),
        (lambda X, y, rng: (X, y[:, 0]), "must return y as it was, float32 of shape"),
        (lambda X, y, rng: (X[:-1], y[:-1]), "must return X as it was, float32 of shape"),
        (lambda X, y, rng: (X.astype(np.float64), y), "got float64 of shape"),
        (lambda X, y, rng: (X.tolist(), y), "must return X as an array, got list"),
        ([GaussianNoise(), "noise"], "or a list; got 'noise'"),
        (GaussianNoise, "or a list; got <class"),
        ("noise", "augmentation"),
    ],
)
def test_errors_leave_the_estimator_as_it_was(augmenter, words):
    X, y = blobs(3)
    network = MLPClassifier((4,), batch_size=50, max_iter=2, random_state=0, warm_start=True).fit(
        X, y
    )
    network.set_params(augmentation=augmenter)
    before = state(network, X)
    with pytest.raises(ValueError, match=words):
        network.fit(X, y)
    assert_unchanged(before, state(network, X))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_lbfgs_and_sparse_rows_are_refused(cls):
    X, y = blobs(3)
    with pytest.raises(ValueError, match="does not go with solver='lbfgs'"):
        cls(solver="lbfgs", augmentation=GaussianNoise()).fit(X, y)
    with pytest.raises(ValueError, match="does not go with sparse X"):
        cls(augmentation=GaussianNoise()).fit(sparse.csr_array(X), y)
    cls(solver="lbfgs", augmentation=[], max_iter=2).fit(X, y)
    cls(augmentation=[], max_iter=1).fit(sparse.csr_array(X), y)


# ---- in an estimator


class Recorder:
    """Keeps what it is given."""

    def __init__(self):
        self.batches = []

    def __call__(self, X, y, rng):
        self.batches.append((X.copy(), y.copy()))
        return X, y


def targets(cls, n_classes):
    return curve()[1] if cls is MLPRegressor else blobs(n_classes)[1]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_it_sees_each_training_batch_as_the_network_does(cls, n_classes, backend, monkeypatch):
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    X, y = blobs(n_classes)[0], targets(cls, n_classes)
    recorder = Recorder()
    held_out = {"X_val": X[:20]} if cls is Autoencoder else {"X_val": X[:20], "y_val": y[:20]}
    network = cls(
        hidden_layer_sizes=(5,),
        batch_size=40,
        max_iter=2,
        random_state=0,
        early_stopping=True,
        augmentation=[recorder],
    )
    network.fit(X, y, **held_out)
    assert [len(rows) for rows, _ in recorder.batches] == [40, 40, 40, 30] * 2
    for epoch in (recorder.batches[:4], recorder.batches[4:]):
        rows, seen = (np.concatenate(part) for part in zip(*epoch, strict=True))
        assert (rows.dtype, seen.dtype) == (
            np.float32,
            np.float64 if cls is MLPRegressor else np.float32,
        )
        if cls is Autoencoder:
            expected = X
        elif cls is MLPRegressor or n_classes == 2:
            expected = y[:, None]
        else:
            expected = np.eye(3)[y]
        both, wanted = np.hstack([rows, seen]), np.hstack([X, expected])
        assert_allclose(
            both[np.argsort(both[:, 0])], wanted[np.argsort(wanted[:, 0])], rtol=1e-6, atol=1e-6
        )
    n_calls = len(recorder.batches)
    network.predict(X)
    network.transform(X)
    assert len(recorder.batches) == n_calls


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_what_it_returns_is_trained_on(cls, backend, monkeypatch):
    """Zeros for the features leave the first weights without a gradient; reversed ones train as
    reversed rows do.
    """
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    X, y = blobs(3)[0], targets(cls, 3)
    setting = {
        "batch_size": 40,
        "max_iter": 3,
        "random_state": 0,
        "alpha": 0.0,
        "weight_init": "glorot_normal",
    }

    def blank(X, y, rng):
        return np.zeros_like(X), y

    start = cls(**setting, learning_rate_init=1e-30).fit(X, y).coefs_[0]
    assert_array_equal(cls(**setting, augmentation=blank).fit(X, y).coefs_[0], start)
    assert not np.array_equal(cls(**setting).fit(X, y).coefs_[0], start)

    if cls is not Autoencoder:
        reverse = cls(**setting, augmentation=lambda X, y, rng: (X[:, ::-1], y)).fit(X, y)
        reversed_rows = cls(**setting).fit(X[:, ::-1], y)
        assert_array_equal(reverse._network.params, reversed_rows._network.params)


def test_an_autoencoder_learns_to_undo_it():
    X, _ = digits()
    shape = {
        "hidden_layer_sizes": (),
        "n_components": 20,
        "learning_rate_init": 0.005,
        "max_iter": 30,
        "random_state": 0,
    }
    noisy = X + stream().normal(scale=1.0, size=X.shape)
    plain, denoising = (
        Autoencoder(**shape, augmentation=unit).fit(X) for unit in (None, GaussianNoise(1.0))
    )
    plain_error, error = (
        np.square(model.predict(noisy) - X).mean() for model in (plain, denoising)
    )
    assert error < 0.9 * plain_error  # measured over five seeds: 0.786 to 0.792


def test_an_augmenter_that_writes_into_its_batch_spares_the_rows():
    def overwrite(X, y, rng):
        X[...] = 0.0
        y[...] = 0.0
        return X, y

    X, y = np.ascontiguousarray(curve()[0], np.float32), curve()[1].astype(np.float64)
    before = X.copy(), y.copy()
    for dtype in ("float32", "float64"):
        for data in (X, X.astype(np.float64)):
            network = MLPRegressor(
                hidden_layer_sizes=(3,), shuffle=False, batch_size=30, max_iter=2, dtype=dtype
            )
            network.set_params(augmentation=overwrite).fit(data, y)
            assert_array_equal(data, before[0])
    assert_array_equal(y, before[1])


def test_several_apply_in_turn():
    X, y = curve()
    setting = {"hidden_layer_sizes": (3,), "batch_size": 30, "max_iter": 2, "random_state": 0}

    def double(X, y, rng):
        return 2 * X, y

    def increase(X, y, rng):
        return X + 1, y

    def both(X, y, rng):
        return 2 * X + 1, y

    one, two = (
        MLPRegressor(**setting, augmentation=unit).fit(X, y) for unit in (both, [double, increase])
    )
    assert_array_equal(one._network.params, two._network.params)


def test_weights_stay_with_the_rows():
    """A row of weight zero is never seen; otherwise weights count as without augmentation."""
    X, y = curve()
    weight = np.arange(len(X)) % 3
    recorder = Recorder()
    setting = {"hidden_layer_sizes": (3,), "batch_size": 30, "max_iter": 2, "random_state": 0}
    seen = MLPRegressor(**setting, augmentation=recorder).fit(X, y, sample_weight=weight)
    plain = MLPRegressor(**setting).fit(X, y, sample_weight=weight)
    assert_array_equal(seen._network.params, plain._network.params)
    assert sum(len(rows) for rows, _ in recorder.batches) == 2 * np.count_nonzero(weight)
    MLPRegressor(**setting, augmentation=Mixup()).fit(X, y, sample_weight=weight)


@pytest.mark.parametrize("augmentation", [None, []])
def test_without_it_nothing_changes(augmentation):
    X, y = curve()
    setting = {"hidden_layer_sizes": (3,), "batch_size": 30, "max_iter": 2, "random_state": 0}
    one, two = (
        MLPRegressor(**setting).fit(X, y),
        MLPRegressor(**setting, augmentation=augmentation).fit(X, y),
    )
    assert_array_equal(one._network.params, two._network.params)


def test_unknown_labels_stay_unknown():
    X, y = labels()
    y = y.astype(float)
    y[::7, 0] = np.nan
    for unit in (GaussianNoise(), Mixup()):
        assert np.isfinite(
            MLPClassifier((4,), batch_size=50, max_iter=3, augmentation=unit).fit(X, y).loss_
        )


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("unit", [*AUGMENTERS.values(), [Mixup(), GaussianNoise()]], ids=repr)
@pytest.mark.slow
def test_twenty_epochs_in_any_pieces(cls, unit):
    X, y = batch(90)[0], np.arange(90) % 3
    names = {"classes": [0, 1, 2]} if cls is MLPClassifier else {}
    setting = {
        "augmentation": unit,
        "batch_size": 32,
        "tol": 0.0,
        "n_iter_no_change": np.inf,
        "random_state": 3,
        "dropout": 0.2,
    }
    setting["hidden_layer_sizes"] = (4,)
    whole = cls(**setting, max_iter=20).fit(X, y)
    warm = cls(**setting, max_iter=10, warm_start=True).fit(X, y)
    warm = pickle.loads(pickle.dumps(warm)).fit(X, y)
    steps = cls(**setting)
    for epoch in range(20):
        steps.partial_fit(X, y, **names)
        if epoch == 9:
            steps = copy.deepcopy(steps)
    for model in (warm, steps):
        assert_array_equal(model._network.params, whole._network.params)
        assert model.loss_curve_ == whole.loss_curve_
        assert model._state.rng.bit_generator.state == whole._state.rng.bit_generator.state


def test_a_grid_search_reaches_its_parameters():
    X, y = blobs(3)
    network = MLPClassifier((4,), max_iter=3, random_state=0, augmentation=GaussianNoise())
    search = GridSearchCV(network, {"augmentation__scale": [0.0, 100.0]}, cv=3).fit(X, y)
    assert search.best_params_ == {"augmentation__scale": 0.0}
    both = GridSearchCV(network, {"augmentation": [None, [GaussianNoise(), Mixup()]]}, cv=3).fit(
        X, y
    )
    assert len(both.cv_results_["params"]) == 2
    assert clone(network).augmentation is not network.augmentation


def test_it_helps_where_rows_are_few():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    gains = []
    for seed in range(3):
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, train_size=100, stratify=y, random_state=seed
        )
        setting = {
            "batch_size": 50,
            "learning_rate": "one_cycle",
            "learning_rate_init": 0.02,
            "max_iter": 100,
            "tol": 0.0,
        }
        scores = [
            MLPClassifier(
                (64,), **setting, n_iter_no_change=np.inf, augmentation=unit, random_state=seed
            )
            .fit(X_train, y_train)
            .score(X_test, y_test)
            for unit in (None, ElasticDeformation(5.0, 1.5, (8, 8)))
        ]
        gains.append(scores[1] - scores[0])
    assert np.mean(gains) > 0.01  # measured over six seeds: 0.019 to 0.058, mean 0.036
