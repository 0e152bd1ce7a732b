"""The architecture of an autoencoder: encoder, code with its penalty, decoder.

The one decision: what ties the two halves together, tied weights and a code that is drawn, is
checked here, before any layer is made.
"""

from ..nn.activations import Identity, Logistic
from ..nn.layers import CORRUPTIONS, FunctionCorruption, Layer
from ..nn.terms import CODE_PENALTIES, Contractive, KLSparsity, L1Sparsity, Variational
from .build import Architecture, Block, activation_layer, hidden_blocks
from .units import activation_unit, is_lbfgs, resolve

NOT_FOR_LBFGS = {
    Contractive: "it draws directions at random, while that solver needs the same objective at "
    "each evaluation",
    Variational: "it draws codes at random, while that solver "
    "needs the same objective at each evaluation",
    L1Sparsity: "that solver needs a smooth objective",
}


def autoencoder_architecture(estimator):
    """Return the architecture of an autoencoder: the blocks of the encoder, the code, and the
    blocks of the encoder in reverse.
    """
    encoder = hidden_blocks(estimator, estimator.hidden_layer_sizes)
    if estimator.corruption is not None and estimator.corruption_at == "hidden" and not encoder:
        raise ValueError(
            "corruption_at='hidden' needs a hidden layer to corrupt, but hidden_layer_sizes has "
            "none."
        )
    tied = bool(estimator.tied_weights)
    code = _code_block(estimator)
    _check_table(estimator)
    if tied:
        _check_tied(estimator, [*encoder, code])
    corruption = _corruption(estimator)
    inputs, hidden = (
        corruption if estimator.corruption_at == place else None for place in ("input", "hidden")
    )
    decoder = [block._replace(tied=tied) for block in reversed(encoder)]
    encoder = [block._replace(corruption=hidden) for block in encoder]
    return Architecture([*encoder, code, *decoder], len(encoder) + 1, inputs, tied)


def _corruption(estimator):
    """Return the layer that the parameter ``corruption`` stands for, None for None."""
    value = estimator.corruption
    if value is None:
        return None
    if isinstance(value, type):
        raise ValueError(
            f"corruption={value!r} is a class; give an instance, such as Masking(0.2), or a "
            "function (x, rng) -> x."
        )
    if is_lbfgs(estimator):
        raise ValueError(
            f"corruption={value!r} does not go with solver='lbfgs': it needs the same objective "
            "at each evaluation."
        )
    return resolve(
        value if isinstance(value, (str, Layer)) else FunctionCorruption(value), CORRUPTIONS
    )


def _check_table(estimator):
    """Raise ``ValueError`` for what does not go with a table."""
    if not estimator._codec.is_table:
        return
    if estimator.tied_weights:
        raise ValueError(
            "tied_weights=True does not go with categorical_features: what goes in, vectors of "
            "categories and indicators of missing numbers, is "
            "not what comes out; take tied_weights=False."
        )
    penalty = estimator.code_penalty
    if estimator._codec.categorical and getattr(
        resolve(penalty, CODE_PENALTIES) if penalty is not None else None, "needs_subnetwork", False
    ):
        raise ValueError(
            f"code_penalty={penalty!r} does not go with categories: it moves rows by small steps, "
            "but the number of a category "
            "cannot be moved; take another penalty, or corruption='masking'."
        )


def draws_codes(estimator):
    """Return True if the code is variational, else raise ``AttributeError``."""
    if estimator.__sklearn_is_fitted__():
        draws = any(isinstance(layer, Variational) for layer in estimator._network.layers)
    else:
        penalty = estimator.code_penalty
        draws = penalty == "variational" or isinstance(penalty, Variational)
    if draws:
        return True
    raise AttributeError(
        "sample needs a code whose distribution is known; fit with code_penalty='variational'."
    )


def _code_block(estimator):
    """Return the block of the code with its penalty."""
    activation = activation_unit(estimator.code_activation)
    if estimator.code_penalty is None:
        return Block(estimator.n_components, activation, bridged=False)
    penalty = resolve(estimator.code_penalty, CODE_PENALTIES)
    for kind, reason in NOT_FOR_LBFGS.items():
        if isinstance(penalty, kind) and is_lbfgs(estimator):
            raise ValueError(
                f"code_penalty={estimator.code_penalty!r} does not go with solver='lbfgs': "
                f"{reason}. Take a minibatch one, such as 'adam'."
            )
    if isinstance(penalty, KLSparsity) and not isinstance(activation, Logistic):
        raise ValueError(
            f"code_penalty={estimator.code_penalty!r} compares mean activations with "
            "probabilities, so it needs a code between 0 and 1, "
            f"but code_activation={estimator.code_activation!r}; take code_activation='logistic', "
            "or code_penalty='l1'."
        )
    if isinstance(penalty, Variational):
        if not isinstance(activation, Identity):
            raise ValueError(
                f"code_penalty={estimator.code_penalty!r} makes the code normally distributed, "
                "but code_activation="
                f"{estimator.code_activation!r} would bend it; take code_activation='identity'."
            )
        return Block(estimator.n_components, penalty, bridged=False)
    return Block(estimator.n_components, activation, bridged=False, penalty=penalty)


def _check_tied(estimator, encoder):
    """Raise ``ValueError`` if a decoder cannot have the transposed matrices of these blocks."""
    if estimator.numeric_embedding is not None:
        raise ValueError(
            "tied_weights=True does not go with "
            f"numeric_embedding={estimator.numeric_embedding!r}, behind which the first layer has "
            "more inputs than there are outputs; take tied_weights=False."
        )
    if estimator.skip_connections == "concat":
        raise ValueError(
            "tied_weights=True does not go with skip_connections='concat', whose matrices have "
            "more rows than the mirrored layer has "
            "units; take skip_connections='add', or tied_weights=False."
        )
    for block in encoder:
        if activation_layer(block.activation).inputs_per_unit != 1:
            raise ValueError(
                f"tied_weights=True does not go with {block.activation!r}, whose matrix has "
                "several columns for each unit, so that its "
                "transpose does not fit the decoder; take one with a column for each, or "
                "tied_weights=False."
            )
