"""The gallery: the order of its groups and of the examples of each, first what others build on;
and a page begins with its answer and its picture, above the code that made them.

To add an example: write its name into its group's line. What is not listed comes last.
"""

import re
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


PICTURE = re.compile(r"^\.\. image-sg::.*\n(?: +:.*\n)*", re.MULTILINE)
CODE = ".. GENERATED FROM PYTHON SOURCE LINES"
THUMBNAIL = re.compile(
    r"(:alt:)(\n\n  :doc:`.*\n\n\.\. raw:: html\n\n"
    r" *<div class=\"sphx-glr-thumbnail-title\">)(.*)(</div>)"
)


def picture_first(text):
    """Return the text of an example's page with its first picture above its first code."""
    picture, code = PICTURE.search(text), text.find(CODE)
    if picture is None or code < 0 or picture.start() < code:
        return text
    start, end = picture.span()
    return text[:code] + picture[0] + "\n" + text[code:start] + text[end:]


def described(text):
    """Return the text of a list of examples in which each small picture has its title as the
    text for those who do not see it.
    """
    return THUMBNAIL.sub(r"\1 \3\2\3\4", text)


def when_read(app, name, content):
    """Rewrite the pages that sphinx-gallery has written, as they are read."""
    if name.startswith("gallery/"):
        content[0] = described(picture_first(content[0]))


def setup(app):
    app.add_css_file("gallery.css")
    app.connect("source-read", when_read)
    return {"parallel_read_safe": True}
