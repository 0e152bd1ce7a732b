"""Greedy layer-wise pre-training of an autoencoder.

The one decision: layers own nothing, so an encoder layer and its mirror image in the decoder are
taken out of the network as they are, with what stands between (batch normalisation, corruption,
dropout, the penalty on the code), put together to a network of one hidden layer, trained, and
their numbers put back. A mirror image whose weights are tied stays tied: its owner is in the same
pair.
"""

from dataclasses import replace

from .._params.augmentation import augmenters
from ..nn.engine.inference import Outputs
from ..nn.engine.network import Network
from ..nn.engine.state import TrainingState
from ..nn.engine.trainer import DivergedError
from ..nn.layers import Corruption, Dense, FunctionCorruption, TiedDense
from ..nn.losses import SquaredError
from .endings import diverged
from .minibatches import make_trainer


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


def pretrain(training):
    """Train each layer of the encoder with its mirror image in the decoder, from the input to the
    code, on what the layers below give. The random stream goes on; the rest of the state stays as
    it is. Overwrites: training.network, training.state.
    """
    estimator, network, data = training.estimator, training.network, training.data
    starts = [i for i, layer in enumerate(network.layers) if isinstance(layer, Dense | TiedDense)]
    for k in range(len(starts) // 2):
        if k:
            hidden = Outputs(network, data.x, starts[k])
            rows = replace(data, x=hidden, target=hidden)
        else:
            rows = data
        penalties = training.minibatches.penalties.of(_owned(network, starts, k))
        pair, places = _pair(network, starts, k, penalties.l2)
        part = replace(
            training,
            network=pair,
            state=TrainingState(training.state.rng),
            data=rows,
            minibatches=replace(training.minibatches, penalties=penalties),
        )
        augmentation = [] if k else augmenters(estimator, data.x)  # made for rows of X
        trainer = make_trainer(part, augmentation)
        try:
            trainer.fit(rows.x, rows.target, rows.weight, rows.rows, estimator.pretraining)
        except DivergedError as error:
            where = f"In the pre-training of layer {k}: "
            raise diverged(estimator, error.epoch, error.what, where) from None
        pair.refresh_statistics(rows.x, rows.weight, rows.rows)
        network.load_layers(pair, [(number, at) for at, number in places])


def _owned(network, starts, k):
    """Return the numbers of the weight matrices of layer ``k`` of the encoder and its mirror image,
    one if these share it. ``starts``: numbers of the layers that multiply with one.
    """
    mirror = len(starts) - 1 - k
    return [k] if network.layers[starts[mirror]].tied else [k, mirror]


def _pair(network, starts, k, alphas):
    """Return layer ``k`` of the encoder and its mirror image as a network, and the places of its
    layers: (number there, number in ``network``).

    ``alphas``: L2 penalties of its weight matrices.
    """
    ends = [*starts[1:], len(network.layers)]
    mirror = len(starts) - 1 - k
    # what stands before the first layer, the vectors of categories too, is part of the first pair
    numbers = [
        *range(starts[k] if k else 0, ends[k]),
        *_activated(network, starts[mirror], ends[mirror]),
    ]
    layers = [network.layers[i] for i in numbers]
    last = network.layers[starts[mirror]]
    if last.tied:
        tied = TiedDense(last.n_out, ends[k] - starts[k], last.bias_rate)
        layers[numbers.index(starts[mirror])] = tied
    before = [layer for layer in network.layers[: starts[0]] if _corrupts(layer)] if k else []
    # the loss writes over the last output, which the derivative of an activation may read
    loss, after = (SquaredError(), [FunctionCorruption(_unchanged)]) if k else (network.loss, [])
    n_in = network.widths[starts[k] if k else 0]
    objective = None if k else network.objective
    pair = Network([*before, *layers, *after], loss, n_in, network.dtype, alphas, objective)
    places = [(len(before) + at, number) for at, number in enumerate(numbers)]
    pair.load_layers(network, places)
    return pair, places


def _activated(network, start, stop):
    """Return the numbers of the layers from ``start`` to the activation, or to ``stop`` if there
    is none.
    """
    ends = [i + 1 for i in range(start, stop) if network.layers[i].activates]
    return range(start, ends[0] if ends else stop)


def _corrupts(layer):
    """Return whether a layer corrupts its input."""
    return isinstance(layer, Corruption)


def _unchanged(x, rng):
    """Return x."""
    return x
