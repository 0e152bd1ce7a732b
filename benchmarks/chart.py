"""The table of training times as a picture: how many times faster than others."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from .cases import CASES

OTHERS = {
    "sklearn f64": ("scikit-learn (double precision, its default)", "#E69F00"),
    "torch": ("PyTorch (eager, fused Adam)", "#009E73"),
}


def draw(results, path, kind="float32"):
    """Draw the time of others over that of the better backend, for every case of a kind."""
    cases = [case for case in CASES if (case.name, kind) in results]
    figure, ax = plt.subplots(figsize=(9, 4.6), layout="constrained")
    height = 0.8 / len(OTHERS)
    for k, (side, (label, colour)) in enumerate(OTHERS.items()):
        ratios = []
        for case in cases:
            found = results[case.name, kind]
            ratios.append(found[side] / min(found["numpy"], found["numba"]))
        places = [row + (k - (len(OTHERS) - 1) / 2) * height for row in range(len(cases))]
        bars = ax.barh(places, ratios, height, label=label, color=colour)
        ax.bar_label(bars, [f"{value:.1f}" for value in ratios], padding=2, fontsize=8)
    ax.set_yticks(range(len(cases)), map(described, cases))
    ax.invert_yaxis()
    ax.axvline(1.0, color="black", linewidth=0.8)
    ax.set_xlabel("times faster on this CPU")
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(
        title="an epoch with skmlp[fast] against",
        fontsize=9,
        frameon=False,
        loc="outside upper center",
        ncols=2,
    )
    figure.savefig(path)
    plt.close(figure)


def described(case):
    """Return what a case is, in words."""
    same = len(set(case.hidden)) == 1 and len(case.hidden) > 1
    hidden = f"{len(case.hidden)} layers of {case.hidden[0]}" if same else str(case.hidden[0])
    return f"{case.n_rows} rows, {case.n_features} features, hidden {hidden}, batch {case.batch}"
