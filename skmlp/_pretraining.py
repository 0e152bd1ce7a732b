"""Greedy layer-wise pre-training of an autoencoder.

The one decision: layers own nothing, so an encoder layer and its mirror image in the decoder are taken out of the network as they are, with
what stands between (batch normalisation, corruption, dropout), put together to a network of one hidden layer, trained, and their numbers
put back.
"""

from types import SimpleNamespace

from ._parameters import per_layer
from ._training import diverged_message, make_trainer
from .nn.corruption import CORRUPTIONS, Corruption
from .nn.inference import Outputs
from .nn.layers import Dense
from .nn.losses import SquaredError
from .nn.network import Network
from .nn.state import TrainingState
from .nn.trainer import Diverged


def check_pretraining(estimator):
    """Raise ``ValueError`` where pre-training makes no sense with the estimator's other parameters."""
    asked = f"pretraining={estimator.pretraining!r}"
    if estimator.solver == "lbfgs":
        raise ValueError(f"{asked} counts epochs of minibatches, but solver='lbfgs' has none; take a minibatch solver, such as 'adam'.")
    if estimator.skip_connections is not None:
        raise ValueError(
            f"{asked} trains each layer to give back its own input, but skip_connections={estimator.skip_connections!r} hands that input "
            "around the layer; leave out one of them."
        )
    if estimator.init_from is not None:
        raise ValueError(f"{asked} and init_from both say where the layers start; leave out one of them.")


def pretrain(estimator, network, rule, schedule, state, data, batch_size):
    """Train each layer of the encoder with its mirror image in the decoder, from the input to the code, on what the layers below give.

    ``data``: namespace of sources ``x`` and ``target``, ``weight`` (n,) or None, ``rows`` to use or None. The random stream goes on; the
    rest of ``state`` stays as it is. Overwrites: network, state.
    """
    starts = [i for i, layer in enumerate(network.layers) if isinstance(layer, Dense)]
    ends = [*starts[1:], len(network.layers)]
    alphas = per_layer(estimator.alpha, len(starts), "alpha", "weight matrices")
    penalties = network.alphas or [0.0] * len(starts)
    for k in range(len(starts) // 2):
        mirror = len(starts) - 1 - k
        numbers = [*range(starts[k], ends[k]), *_activated(network, starts[mirror], ends[mirror])]
        layers = [network.layers[i] for i in numbers]
        before = network.layers[: starts[0]] if k == 0 else [layer for layer in network.layers[: starts[0]] if _corrupts(layer)]
        # the loss writes over the last output, which the derivative of an activation may read
        loss, after = (network.loss, []) if k == 0 else (SquaredError(), [Corruption(_unchanged)])
        pair = Network([*before, *layers, *after], loss, network.widths[starts[k]], network.dtype, [penalties[k], penalties[mirror]])
        places = [(len(before) + at, number) for at, number in enumerate(numbers)]
        pair.load_layers(network, places)
        rows = data
        if k == 0:
            pair.objective = network.objective
        else:
            hidden = Outputs(network, data.x, starts[k])
            rows = SimpleNamespace(x=hidden, target=hidden, weight=data.weight, rows=data.rows)
        settings = SimpleNamespace(**estimator.get_params(deep=False), _table=None)  # the rows of a table are a matrix by now
        settings.alpha = [alphas[k], alphas[mirror]]
        settings.augmentation = estimator.augmentation if k == 0 else None  # made for rows of X
        trainer = make_trainer(settings, pair, rule, schedule, TrainingState(state.rng), rows, batch_size)
        try:
            trainer.fit(rows.x, rows.target, rows.weight, rows.rows, estimator.pretraining)
        except Diverged as error:
            raise ValueError(f"In the pre-training of layer {k}: {diverged_message(estimator, error.epoch)}") from None
        pair.refresh_statistics(rows.x, rows.weight, rows.rows)
        network.load_layers(pair, [(number, at) for at, number in places])


def _activated(network, start, stop):
    """Return the numbers of the layers from ``start`` to the activation, or to ``stop`` if there is none."""
    ends = [i + 1 for i in range(start, stop) if network.layers[i].activates]
    return range(start, ends[0] if ends else stop)


def _corrupts(layer):
    return isinstance(layer, (*CORRUPTIONS.values(), Corruption))


def _unchanged(x, rng):
    return x
