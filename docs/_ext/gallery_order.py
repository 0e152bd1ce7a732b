"""The order of the gallery: its groups, and the examples of each, first what others build on.

To add an example: write its name into its group's line. What is not listed comes last.
"""

from pathlib import PurePath

GROUPS = {
    "networks": "xor_perceptron learned_features universal_approximation custom_activation "
    "initialisation self_normalising depth",
    "training": "diagnostics dead_units rescues modern_mlp optimizers",
    "regularisation": "best_epoch bias_variance bagging augmentation unit_weights",
    "tables": "boosted_trees table mixed_columns imputation outliers",
    "uncertainty": "prediction_intervals calibration uncertainty input_gradient",
    "autoencoders": "autoencoder_pca code_size denoising code_penalties variational pretraining",
    "deployment": "onnx",
}
EXAMPLES = " ".join(GROUPS.values()).split()


def place(name, names):
    """Return a sort key: the place in ``names``, and behind them all for what is not there."""
    names = list(names)
    return (names.index(name) if name in names else len(names), name)


def of_group(folder):
    """Return the sort key of a folder of examples."""
    return place(PurePath(folder).name, GROUPS)


class OfExample:
    """The sort key of the files in a folder of examples, as sphinx-gallery wants it."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __repr__(self):
        return "<OfExample>"

    def __call__(self, filename):
        return place(PurePath(filename).stem.removeprefix("plot_"), EXAMPLES)
