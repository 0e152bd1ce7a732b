"""The table of training times as a picture."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

LABELS = {
    "numba": "skmlp[fast]",
    "numpy": "skmlp, NumPy alone",
    "sklearn": "scikit-learn, same precision",
    "sklearn f64": "scikit-learn, float64",
    "torch": "PyTorch, eager, fused Adam",
    "skorch": "skorch",
}
COLOURS = {
    "numba": "#0072B2",
    "numpy": "#56B4E9",
    "sklearn": "#E69F00",
    "sklearn f64": "#D55E00",
    "torch": "#009E73",
    "skorch": "#999999",
}


def draw(results, path, kind="float32"):
    """Draw each side's time per epoch over that of the matrix products, for every case of a
    kind.
    """
    cases = [case for case, of_kind in results if of_kind == kind]
    sides = [side for side in LABELS if all(side in results[case, kind] for case in cases)]
    figure, ax = plt.subplots(figsize=(9, 4.2), layout="constrained")
    height = 0.8 / len(sides)
    for k, side in enumerate(sides):
        ratios = [results[case, kind][side] / results[case, kind]["floor"] for case in cases]
        places = [row + (k - (len(sides) - 1) / 2) * height for row in range(len(cases))]
        bars = ax.barh(places, ratios, height, label=LABELS[side], color=COLOURS[side])
        ax.bar_label(bars, [f"{value:.1f}" for value in ratios], padding=2, fontsize=7)
    ax.set_xscale("log")
    ax.set_xlim(0.9, 60)
    ax.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    ax.minorticks_off()
    ax.set_yticks(range(len(cases)), cases)
    ax.invert_yaxis()
    ax.axvline(1.0, color="black", linewidth=0.8)
    ax.set_xlabel(
        f"time of an epoch over that of its matrix products alone ({kind}; shorter is better)"
    )
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False, loc="lower right")
    figure.savefig(path)
    plt.close(figure)
