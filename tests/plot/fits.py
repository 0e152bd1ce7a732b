"""Rows to draw, settings of small estimators, and what is looked at in a figure."""

from ..problems import blobs

X, Y = blobs(3)  # of five features
QUICK = {"hidden_layer_sizes": (6,), "max_iter": 8, "random_state": 0}
VALIDATED = {"X_val": X[:40], "y_val": Y[:40]}


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def assert_inside(figure):
    """Everything written lies within the figure, and no two labels of the axes overlap."""
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    boxes = [
        text.get_window_extent()
        for ax in figure.axes
        for text in (ax.xaxis.label, ax.yaxis.label, ax.title)
        if text.get_text()
    ]
    boxes += [ax.get_legend().get_window_extent() for ax in figure.axes if ax.get_legend()]
    for box in boxes:
        assert box.x0 > -1
        assert box.y0 > -1
        assert box.x1 < width + 1
        assert box.y1 < height + 1
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:k])
