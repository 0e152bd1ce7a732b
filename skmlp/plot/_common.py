"""What the displays share: matplotlib when it is needed, colours that everyone can tell apart,
places to draw in.
"""

import numpy as np

# Okabe and Ito (2008), without yellow, which is hard to see on white, and with black last
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def pyplot(display):
    """Return ``matplotlib.pyplot`` for a display, or its class; raise ``ImportError`` if it is
    not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        name = (display if isinstance(display, type) else type(display)).__name__
        message = f'{name} draws with matplotlib, which is not installed: pip install "skmlp[plot]"'
        raise ImportError(message, name="matplotlib") from error
    return plt


def one_axes(display, ax, figsize=None):
    """Return the Axes to draw in: ``ax``, or the only one of a new figure of the size in inches."""
    return pyplot(display).subplots(figsize=figsize, layout="constrained")[1] if ax is None else ax


def panels(display, ax, n):
    """Return an array of ``n`` Axes, one above the other: of a new figure if ``ax`` is None, in
    the place of a single Axes, or as given.
    """
    plt = pyplot(display)
    if ax is None:
        _, axes = plt.subplots(
            n, 1, sharex=True, squeeze=False, figsize=(6.4, 1.6 + 2.2 * n), layout="constrained"
        )
        return axes[:, 0]
    if not isinstance(ax, plt.Axes):
        axes = np.asarray(ax, dtype=object).ravel()
        if len(axes) != n:
            raise ValueError(
                f"There are {n} panels to draw, but ax has {len(axes)} Axes; give one Axes, {n} "
                "of them, or None."
            )
        return axes
    if n == 1:
        return np.array([ax], dtype=object)
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            f"ax is not in a grid of subplots, so it cannot be divided into {n} panels; give {n} "
            "Axes, or one of subplots()."
        )
    ax.set_axis_off()
    grid = place.subgridspec(n, 1)
    first = ax.figure.add_subplot(grid[0])
    return np.array(
        [first, *(ax.figure.add_subplot(grid[k], sharex=first) for k in range(1, n))], dtype=object
    )


def over_epochs(ax):
    """Let the x axis count epochs, which are whole, and say so, unless a panel below has the
    same axis.
    """
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    place = ax.get_subplotspec()
    if place is None or place.is_last_row() or len(ax.get_shared_x_axes().get_siblings(ax)) == 1:
        ax.set_xlabel("epoch")
    else:
        ax.tick_params(labelbottom=False)


def layer_colours(n):
    """Return a colour for each of ``n`` things that have an order, from dark to light."""
    import matplotlib

    return matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, n))
