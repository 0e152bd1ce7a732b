"""Sources of rows: dense, sparse, labels."""

import numpy as np
import pytest
import scipy.sparse as sp

from skmlp.nn.engine.sources import DenseRows, LabelRows, OneHotRows, Part, SparseRows

X = np.random.default_rng(0).normal(size=(10, 4)) * (
    np.random.default_rng(1).uniform(size=(10, 4)) < 0.5
)
ROWS = [slice(2, 6), slice(0, 10), np.array([7, 0, 7, 3]), np.array([5])]
each_rows = pytest.mark.parametrize("rows", ROWS, ids=str)


def empty(rows, width, dtype):
    return np.full((len(np.arange(10)[rows]), width), np.nan, dtype)


@each_rows
@pytest.mark.parametrize("given", [np.float32, np.float64, np.int64])
def test_dense_rows(rows, given, dtype):
    array = (4 * X).astype(given)
    taken = DenseRows(array).take(rows, empty(rows, 4, dtype))
    assert taken.dtype == dtype
    np.testing.assert_array_equal(taken, array[rows].astype(dtype))


def test_a_slice_of_the_right_precision_is_a_view():
    out = empty(slice(2, 6), 4, np.float64)
    assert np.shares_memory(DenseRows(X).take(slice(2, 6), out), X)


def test_chosen_rows_are_copied_into_what_was_given(dtype):
    out = empty(ROWS[2], 4, dtype)
    assert DenseRows(X.astype(dtype)).take(ROWS[2], out) is out


@each_rows
@pytest.mark.parametrize("given", [np.float32, np.float64])
def test_sparse_rows(rows, given, dtype):
    matrix = sp.csr_matrix(X.astype(given))
    as_sparse = SparseRows(matrix).take(rows, None)
    assert sp.issparse(as_sparse)
    np.testing.assert_array_equal(as_sparse.toarray(), X[rows].astype(given))
    out = empty(rows, 4, dtype)
    assert SparseRows(matrix).take(rows, out) is out
    np.testing.assert_array_equal(out, X[rows].astype(given).astype(dtype))


@each_rows
@pytest.mark.parametrize("given", [np.int8, np.int32, np.int64])
def test_labels_become_ones_and_zeros(rows, given, dtype):
    labels = np.array([0, 2, 1, 1, 0, 2, 2, 0, 1, 2], given)
    out = empty(rows, 3, dtype)
    assert LabelRows(labels, 3).take(rows, out) is out
    np.testing.assert_array_equal(out, np.eye(3)[labels[rows]])


@each_rows
def test_categories_become_ones_and_zeros(rows, dtype):
    """The numbers stay, what lies between is dropped, and what is missing is so in all of a
    category's columns.
    """
    codes = np.array(
        [[0, 2], [1, 0], [np.nan, 1], [0, 0], [1, 2], [1, 1], [0, np.nan], [0, 0], [1, 2], [0, 1]]
    )
    numbers = np.where(X[:, :2] == 0.0, np.nan, X[:, :2])
    source = OneHotRows(DenseRows(np.hstack([numbers, X[:, 2:3], codes]).astype(dtype)), 2, (2, 3))
    ones = [
        np.where(np.isnan(c)[:, None], np.nan, np.eye(n)[np.nan_to_num(c).astype(int)])
        for c, n in zip(codes.T, (2, 3), strict=True)
    ]
    for _ in range(2):
        out = empty(rows, 7, dtype)
        assert source.take(rows, out) is out
        np.testing.assert_array_equal(out, np.hstack([numbers, *ones]).astype(dtype)[rows])


@pytest.mark.parametrize(
    "source",
    [DenseRows(X), SparseRows(sp.csr_matrix(X)), LabelRows(np.zeros(10, np.int64), 4)],
    ids=lambda s: type(s).__name__,
)
def test_every_source_knows_its_shape(source):
    assert (source.n_rows, source.width) == (10, 4)
    assert isinstance(source.sparse, bool)


@each_rows
def test_a_part_hands_out_the_rows_of_its_source(rows, dtype):
    which = np.array([9, 3, 3, 0, 8, 1, 2, 4, 6, 5])
    part = Part(DenseRows(X.astype(dtype)), which)
    assert (part.n_rows, part.width, part.sparse) == (10, 4, False)
    np.testing.assert_array_equal(
        part.take(rows, empty(rows, 4, dtype)), X[which].astype(dtype)[rows]
    )


def test_a_part_of_sparse_rows_stays_sparse():
    taken = Part(SparseRows(sp.csr_matrix(X)), np.array([4, 2])).take(slice(0, 2), None)
    np.testing.assert_array_equal(taken.toarray(), X[[4, 2]])
