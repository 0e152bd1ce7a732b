"""Milliseconds per epoch against scikit-learn, PyTorch and skorch (where installed), and the matrix
products alone.

``python -m benchmarks.training [--csv FILE] [--chart FILE] [--kinds KIND,...] [case ...]``;
the csv grows by a row for each case, kind and side, so that figures of several dates can be
compared. A fit is timed as a whole, and divided by its epochs.
"""

import argparse
import csv
import datetime
import pathlib
import platform
import statistics

from threadpoolctl import threadpool_info

from skmlp import __version__

from . import chart
from .cases import named
from .rivals import sklearn_side, skmlp_side, skorch_side, torch_side
from .timing import in_turn, ratio, table

KINDS = {
    "float32": ("float32", {}),
    "float64": ("float64", {}),
    "bn+dropout": ("float32", {"batch_norm": True, "dropout": 0.2}),
}
# what scikit-learn's time over ours must at least be in the same precision, a fifth below what was
# measured
CLAIMS = {"float32": 1.1, "float64": 0.95}


def run(rounds=5, names=(), kinds=tuple(KINDS)):
    """Print the table of ratios, assert the claims, and return {(case, kind): {side:
    milliseconds per epoch}}.
    """
    results, rows, failed = {}, [], []
    for case in named(names):
        for kind in kinds:
            seconds = measure(case, kind, rounds)
            milliseconds = {
                side: 1000 * statistics.median(values) / case.epochs
                for side, values in seconds.items()
            }
            results[case.name, kind] = milliseconds
            best = seconds.get("numba", seconds["numpy"])
            rows.append(
                [
                    case.name,
                    kind,
                    *(f"{milliseconds[side]:.1f}" if side in seconds else "-" for side in SIDES),
                    *(
                        f"{ratio(seconds[side], best):.2f}" if side in seconds else "-"
                        for side in ("sklearn", "sklearn f64", "torch", "torch compiled")
                    ),
                    f"{ratio(best, seconds['floor']):.2f}",
                ]
            )
            if kind in CLAIMS and ratio(seconds["sklearn"], seconds["numpy"]) < CLAIMS[kind]:
                failed.append(
                    f"{case.name} {kind}: {ratio(seconds['sklearn'], seconds['numpy']):.2f}"
                )
            print(*rows[-1], flush=True)
    print(
        "Milliseconds per epoch, and the time of others over that of the better backend; same "
        "network, rows and precision."
    )
    table(
        rows,
        [
            *("case", "kind", *SIDES, "sklearn/skmlp", "sklearn f64/skmlp", "torch/skmlp"),
            *("torch compiled/skmlp", "skmlp/floor"),
        ],
    )
    assert not failed, f"slower than claimed: {failed}"
    return results


SIDES = ("numpy", "numba", "sklearn", "sklearn f64", "torch", "torch compiled", "skorch", "floor")


def measure(case, kind, rounds):
    """Return {side: seconds of each round} of the sides that are there."""
    dtype, options = KINDS[kind]
    floor = case.floor(dtype)
    sides = {
        "numpy": skmlp_side(case, dtype, "numpy", **options),
        "numba": skmlp_side(case, dtype, "numba", **options),
        "sklearn": None if options else sklearn_side(case, dtype),
        "sklearn f64": sklearn_side(case, "float64") if kind == "float32" else None,
        "torch": torch_side(case, dtype, **options),
        "torch compiled": torch_side(case, dtype, is_compiled=True, **options),
        "skorch": skorch_side(case, dtype, **options),
        "floor": lambda: [floor() for _ in range(case.epochs)],
    }
    return in_turn(
        {side: function for side, function in sides.items() if function is not None}, rounds
    )


def record(results, path):
    """Append the results to a csv: date, machine with the kernels of its BLAS, version, case, kind,
    side, milliseconds.
    """
    path = pathlib.Path(path)
    kernels = {blas.get("architecture", "") for blas in threadpool_info()} - {""}
    where = (platform.machine(), platform.system(), *sorted(kernels))
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(["date", "machine", "version", "case", "kind", "side", "milliseconds"])
        for (case, kind), milliseconds in results.items():
            for side, value in milliseconds.items():
                today = datetime.date.today().isoformat()
                writer.writerow(
                    [today, " ".join(where), __version__, case, kind, side, f"{value:.4g}"]
                )


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--csv")
    parser.add_argument("--chart")
    parser.add_argument("--kinds", default=",".join(KINDS))
    arguments = parser.parse_args()
    results = run(names=arguments.cases, kinds=arguments.kinds.split(","))
    if arguments.csv:
        record(results, arguments.csv)
    if arguments.chart:
        chart.draw(results, arguments.chart)


if __name__ == "__main__":
    main()
