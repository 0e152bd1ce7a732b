"""What the parameters of the estimators are for: the groups in which the documentation lists them.

To add a parameter: its name in one group here, beside its text in ``parameter_docs.py``.
"""

import textwrap

PURPOSES = {
    "Architecture": (
        "n_components",
        "hidden_layer_sizes",
        "activation",
        "code_activation",
        "tied_weights",
        "batch_norm",
        "skip_connections",
        "input_scale",
        "weight_init",
        "data_init",
        "init_from",
        "pretraining",
    ),
    "Loss": (
        "loss",
        "class_weight",
        "normalize_y",
        "code_penalty",
        "auxiliary_loss_weight",
    ),
    "Optimisation": (
        "solver",
        "max_iter",
        "batch_size",
        "shuffle",
        "learning_rate",
        "learning_rate_init",
        "learning_rate_scaling",
        "power_t",
        "momentum",
        "nesterovs_momentum",
        "beta_1",
        "beta_2",
        "epsilon",
        "max_fun",
        "clip_norm",
        "clip_value",
        "warm_start",
        "random_state",
        "dtype",
    ),
    "Regularisation": (
        "alpha",
        "l1_ratio",
        "max_norm",
        "dropout",
        "input_dropout",
        "corruption",
        "corruption_at",
        "augmentation",
    ),
    "Validation and stopping": (
        "early_stopping",
        "validation_fraction",
        "validation_cv",
        "scoring",
        "n_iter_no_change",
        "tol",
    ),
    "Data": (
        "categorical_features",
        "embedding_dim",
        "min_frequency",
        "numeric_scaling",
        "numeric_embedding",
    ),
    "Output": ("verbose", "diagnostics"),
}

# those of scikit-learn's MLPClassifier; its MLPRegressor has ``loss`` too
SCIKIT_LEARN = frozenset(
    {
        "activation",
        "alpha",
        "batch_size",
        "beta_1",
        "beta_2",
        "early_stopping",
        "epsilon",
        "hidden_layer_sizes",
        "learning_rate",
        "learning_rate_init",
        "max_fun",
        "max_iter",
        "momentum",
        "n_iter_no_change",
        "nesterovs_momentum",
        "power_t",
        "random_state",
        "shuffle",
        "solver",
        "tol",
        "validation_fraction",
        "verbose",
        "warm_start",
    }
)


def by_purpose(names):
    """Return the groups that have any of the names: (purpose, names in order); last those of no
    group.
    """
    groups = [
        (purpose, [name for name in members if name in names])
        for purpose, members in PURPOSES.items()
    ]
    known = {name for _, members in groups for name in members}
    groups.append(("Others", [name for name in names if name not in known]))
    return [(purpose, members) for purpose, members in groups if members]


def contents(groups, known):
    """Return the groups as text for a docstring, a plus behind what scikit-learn does not have.

    ``known``: what the class of scikit-learn has; None if there is no such class.
    """
    text = "    The parameters by purpose"
    text += (
        ":" if known is None else "; a plus marks those that scikit-learn's class does not have:"
    )
    for purpose, names in groups:
        listed = [name if known is None or name in known else f"{name}+" for name in names]
        text += "\n\n" + textwrap.fill(
            f"* {purpose}: {', '.join(listed)}",
            width=96,
            initial_indent="    ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
    return text
