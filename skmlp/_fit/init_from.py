"""Starting a network from the first layers of one that is fitted (``init_from``).

The one decision: a fitted network is given as scikit-learn gives one, ``FrozenEstimator(network)``,
since cloning, which every search and every fold does, takes the fit of anything else away. Its
codec comes along, since numbers of categories mean nothing without.
"""

from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator


def start_from(given, network, stop, kind):
    """Copy parameters and statistics of the leading hidden layers of ``given``, the parameter
    ``init_from``, into a network, and return the numbers of the layers that got them.

    ``stop``: number of the network's layers that ``transform`` goes through; ``kind``: the class of
    what may be given. Overwrites: network.
    """
    source = _bare(given)
    if not isinstance(source, kind):
        hint = (
            f"; of a pipeline give the last step, {type(given).__name__}[-1]"
            if hasattr(source, "steps")
            else ""
        )
        raise ValueError(
            "init_from must be a fitted Autoencoder, MLPClassifier or MLPRegressor, best in a "
            f"FrozenEstimator, got {given!r}{hint}."
        )
    if not source.__sklearn_is_fitted__():
        raise NotFittedError(
            f"init_from={given!r} is not fitted. If it was before, cloning took the fit away, as "
            "in a search or in cross validation: "
            "give FrozenEstimator(network) from sklearn.frozen, which keeps it."
        )
    mine, its = (
        _hidden_layers(network, stop),
        _hidden_layers(source._network, source._transform_stop),
    )
    if not mine or not its:
        names = " and ".join(
            name
            for name, layers in (("this network", mine), ("that of init_from", its))
            if not layers
        )
        raise ValueError(
            f"init_from starts hidden layers from hidden layers, but {names} has none."
        )
    if source._has_code and len(mine) >= len(its) > 1:
        code = len(its) - 1
        if _shapes(network, mine[code]) != _shapes(source._network, its[code]):
            its = its[:code]  # the code need not come along
    copied = []
    for k, (here, there) in enumerate(zip(mine, its, strict=False)):
        now, before = _shapes(network, here), _shapes(source._network, there)
        if now != before:
            raise ValueError(
                f"Hidden layer {k} has arrays of the shapes {now}, but that of init_from has "
                f"{before}. Its leading layers must agree in "
                "width, input_scale, batch normalisation and kind of activation; "
                "hidden_layer_sizes must begin with the widths of init_from."
            )
        network.load_layers(source._network, list(zip(here, there, strict=True)))
        copied += here
    return copied


def fitted_network(given):
    """Return the fitted network that the parameter ``init_from`` stands for, None for None, or
    for what ``start_from`` refuses.
    """
    source = _bare(given)
    return source if hasattr(source, "_network") else None


def _bare(given):
    """Return what is inside a ``FrozenEstimator``, anything else as it is."""
    return given.estimator if isinstance(given, FrozenEstimator) else given


def _hidden_layers(network, stop):
    """Return the numbers of the layers that have arrays, a list for each hidden layer before
    layer ``stop``.
    """
    found, numbers = [], []
    for i, layer in enumerate(network.layers[:stop]):
        if layer.params(network.widths[i]) or layer.running(network.widths[i]):
            numbers.append(i)
        if layer.activates:
            found.append(numbers)
            numbers = []
    return found


def _shapes(network, numbers):
    """Return the shape of each array of some layers, by the name of the array."""
    layouts = network.layout, network.running_layout
    return {
        name: param.shape
        for layout in layouts
        for (i, name), param in layout.params.items()
        if i in numbers
    }
