"""Greedy layer-wise pre-training of an autoencoder.

The one decision: layers own nothing, so an encoder layer and its mirror image in the decoder are
taken out of the network as they are, with what stands between (batch normalisation, corruption,
dropout, what is asked of the code), put together to a network of one hidden layer, trained, and
their numbers put back. A mirror image whose weights are tied stays tied: its owner is in the same
pair.
"""

from types import SimpleNamespace

from .._params.shared import per_layer
from ..nn.engine.inference import Outputs
from ..nn.engine.network import Network
from ..nn.engine.state import TrainingState
from ..nn.engine.trainer import DivergedError
from ..nn.layers import CORRUPTIONS, Corruption, Dense, TiedDense
from ..nn.losses import SquaredError
from .endings import diverged_message
from .training import make_trainer


def check_pretraining(estimator):
    """Raise ``ValueError`` where pre-training makes no sense with the estimator's other
    parameters.
    """
    asked = f"pretraining={estimator.pretraining!r}"
    if estimator.solver == "lbfgs":
        raise ValueError(
            f"{asked} counts epochs of minibatches, but solver='lbfgs' has none; take a minibatch "
            "solver, such as 'adam'."
        )
    if estimator.skip_connections is not None:
        raise ValueError(
            f"{asked} trains each layer to give back its own input, but "
            f"skip_connections={estimator.skip_connections!r} hands that input "
            "around the layer; leave out one of them."
        )
    if estimator.init_from is not None:
        raise ValueError(
            f"{asked} and init_from both say where the layers start; leave out one of them."
        )


def pretrain(estimator, network, rule, schedule, state, data, batch_size):
    """Train each layer of the encoder with its mirror image in the decoder, from the input to the
    code, on what the layers below give.

    ``data``: namespace of sources ``x`` and ``target``, ``weight`` (n,) or None, ``rows`` to use or
    None. The random stream goes on; the rest of ``state`` stays as it is. Overwrites: network,
    state.
    """
    starts = [i for i, layer in enumerate(network.layers) if isinstance(layer, Dense | TiedDense)]
    ends = [*starts[1:], len(network.layers)]
    n_weights = len(network.penalised)  # a tied pair has one
    alphas = per_layer(estimator.alpha, n_weights, "alpha", "weight matrices")
    penalties = network.alphas or [0.0] * n_weights
    for k in range(len(starts) // 2):
        mirror = len(starts) - 1 - k
        own = [k] if network.layers[starts[mirror]].tied else [k, mirror]
        # what stands before the first layer, the vectors of categories too, is part of the first
        # pair
        numbers = [
            *range(starts[k] if k else 0, ends[k]),
            *_activated(network, starts[mirror], ends[mirror]),
        ]
        layers = [network.layers[i] for i in numbers]
        if len(own) == 1:
            layers[numbers.index(starts[mirror])] = TiedDense(
                network.layers[starts[mirror]].n_out, ends[k] - starts[k]
            )
        before = [layer for layer in network.layers[: starts[0]] if _corrupts(layer)] if k else []
        # the loss writes over the last output, which the derivative of an activation may read
        loss, after = (SquaredError(), [Corruption(_unchanged)]) if k else (network.loss, [])
        n_in = network.widths[starts[k] if k else 0]
        pair = Network(
            [*before, *layers, *after], loss, n_in, network.dtype, [penalties[i] for i in own]
        )
        places = [(len(before) + at, number) for at, number in enumerate(numbers)]
        pair.load_layers(network, places)
        rows = data
        if k == 0:
            pair.objective = network.objective
        else:
            hidden = Outputs(network, data.x, starts[k])
            rows = SimpleNamespace(
                x=hidden, target=hidden, weight=data.weight, unit=data.unit, rows=data.rows
            )
        learned = {name: getattr(estimator, name) for name in ("_codec", "_target_measure")}
        settings = SimpleNamespace(**estimator.get_params(deep=False), **learned)
        settings.alpha = [alphas[i] for i in own]
        settings.augmentation = estimator.augmentation if k == 0 else None  # made for rows of X
        trainer = make_trainer(
            settings, pair, rule, schedule, TrainingState(state.rng), rows, batch_size
        )
        try:
            trainer.fit(rows.x, rows.target, rows.weight, rows.rows, estimator.pretraining)
        except DivergedError as error:
            raise ValueError(
                f"In the pre-training of layer {k}: "
                f"{diverged_message(estimator, error.epoch, error.what)}"
            ) from None
        pair.refresh_statistics(rows.x, rows.weight, rows.rows)
        network.load_layers(pair, [(number, at) for at, number in places])


def _activated(network, start, stop):
    """Return the numbers of the layers from ``start`` to the activation, or to ``stop`` if there
    is none.
    """
    ends = [i + 1 for i in range(start, stop) if network.layers[i].activates]
    return range(start, ends[0] if ends else stop)


def _corrupts(layer):
    return isinstance(layer, (*CORRUPTIONS.values(), Corruption))


def _unchanged(x, rng):
    return x
