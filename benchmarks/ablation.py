"""What each part of the recipe of the estimators for tables is worth: errors without it over errors
with it.

``python -m benchmarks.ablation FOLDER [--seed N] [--out FILE] [PART ...]``; tables and splits are
those of ``ranking.py``. Two members, a quarter of the work of the defaults. The geometric mean
over all tables, over those of classes and of numbers, and over each half of the tables, so that one
sees whether what helps on one half helps on the other.
"""

import argparse
import csv
import pathlib
import warnings

import numpy as np
import pandas as pd

from skmlp import TabularMLPClassifier, TabularMLPRegressor
from skmlp.nn import Periodic, PiecewiseLinear

from .ranking import measured, split_of, tables
from .timing import table

SIZE = {"n_estimators": 2}
PARTS = {  # parameters of the members in place of those of the recipe
    "the recipe": {},
    "no embedding of numbers": {"numeric_embedding": None},
    "an embedding of 16 bins in each member": {"numeric_embedding": PiecewiseLinear(rate=0.25)},
    "a periodic embedding": {"numeric_embedding": Periodic(rate=0.1)},
    "no learned scale": {"input_scale": False},
    "no start from rows": {"data_init": False},
    "no weight decay": {"alpha": 0.0},
    "one rate for all layers": {"learning_rate_scaling": None, "learning_rate_init": 0.003},
    "standard scaling": {"numeric_scaling": "standard"},
    "one cycle": {"learning_rate": "one_cycle"},
    "cosine": {"learning_rate": "cosine"},
    "dropout that stays": {"dropout": 0.15},
    "no dropout": {"dropout": 0.0},
    "relu": {"activation": "relu"},
    "no label smoothing": {"loss__label_smoothing": 0.0},
    "rare categories apart": {"min_frequency": 1},
}


def run(folder, seed, out, names):
    """Measure the parts that are not in the csv ``out`` yet, and print the table."""
    done = set()
    if out.exists():
        rows = pd.read_csv(out)
        done = set(zip(rows.table, rows.part, rows.seed, strict=True))
    else:
        out.write_text("table,task,part,seed,error,log_loss\n")
    for name, frame, y, classifies in tables(folder):
        split = split_of(frame, y, classifies, seed)
        for part in names:
            if (name, part, seed) in done or (part == "no label smoothing" and not classifies):
                continue
            cls = TabularMLPClassifier if classifies else TabularMLPRegressor
            model = cls(random_state=seed, member_params=PARTS[part], **SIZE)
            error, loss, _, _ = measured(model, split, classifies)
            with out.open("a", newline="") as file:
                task = "classification" if classifies else "regression"
                csv.writer(file).writerow([name, task, part, seed, error, loss])
            print(name, part, error, flush=True)
    show(pd.read_csv(out))


def show(rows):
    """Print the geometric means of error without a part over error with it."""
    errors = rows.pivot_table(index=["table", "seed"], columns="part", values="error").clip(1e-3)
    losses = rows.pivot_table(index=["table", "seed"], columns="part", values="log_loss")
    task = rows.drop_duplicates("table").set_index("table").task
    of_classes = (task.loc[errors.index.get_level_values(0)] == "classification").to_numpy()
    names = sorted(task.index)
    even = np.isin(errors.index.get_level_values(0), names[::2])
    groups = {
        "all": np.ones(len(errors), bool),
        "classes": of_classes,
        "numbers": ~of_classes,
        "half 1": even,
        "half 2": ~even,
    }
    lines = []
    for part in PARTS:
        if part not in errors:
            continue
        ratio = np.log((errors[part] / errors["the recipe"]).clip(0.5, 2.0))
        loss = np.log((losses[part].clip(1e-3) / losses["the recipe"].clip(1e-3)).clip(0.5, 2.0))
        means = [np.exp(np.nanmean(ratio[chosen])) for chosen in groups.values()]
        means.append(np.exp(np.nanmean(loss)))
        cells = ("-" if np.isnan(mean) else f"{mean:.3f}" for mean in means)
        lines.append([part, *cells, str(int(ratio.notna().sum()))])
    table(lines, ["part", *groups, "log loss", "tables"])


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("ablation.csv"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    run(arguments.folder, arguments.seed, arguments.out, arguments.parts or list(PARTS))


if __name__ == "__main__":
    main()
