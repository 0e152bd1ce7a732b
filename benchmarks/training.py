"""Milliseconds per epoch against scikit-learn, PyTorch (where installed) and the matrix products alone."""

import statistics

from .cases import CASES
from .rivals import sklearn_side, skmlp_side, torch_side
from .timing import in_turn, ratio, table

SLACK = 0.15  # what the ratio of the widest network, which is nearly all matrix products, moves from run to run


def run(rounds=7, names=None):
    """Print the table of ratios and assert that an epoch costs no more than scikit-learn's in the same precision, with slack."""
    rows, claims = [], []
    for case in CASES:
        if names and case.name not in names:
            continue
        for dtype in ("float32", "float64"):
            floor = case.floor(dtype)
            sides = {
                "skmlp": skmlp_side(case, dtype),
                "sklearn": sklearn_side(case, dtype),
                "torch": torch_side(case, dtype),
                "floor": lambda floor=floor, case=case: [floor() for _ in range(case.epochs)],
            }
            seconds = in_turn({name: side for name, side in sides.items() if side is not None}, rounds)
            ours = seconds["skmlp"]
            milliseconds = {name: 1000 * statistics.median(values) / case.epochs for name, values in seconds.items()}
            rows.append(
                [
                    case.name,
                    dtype,
                    *(f"{milliseconds[name]:.1f}" if name in seconds else "-" for name in sides),
                    f"{ratio(seconds['sklearn'], ours):.2f}",
                    f"{ratio(seconds['torch'], ours):.2f}" if "torch" in seconds else "-",
                    f"{ratio(ours, seconds['floor']):.2f}",
                ]
            )
            claims.append((case.name, dtype, ratio(seconds["sklearn"], ours)))
    header = ["case", "dtype", "skmlp ms", "sklearn ms", "torch ms", "floor ms", "sklearn/skmlp", "torch/skmlp", "skmlp/floor"]
    print("Milliseconds per epoch; every side trains the same network on the same rows in the same precision.")
    table(rows, header)
    for name, dtype, faster in claims:
        assert faster > 1.0 - SLACK, f"{name} in {dtype}: an epoch costs {1 / faster:.2f} of scikit-learn's"
