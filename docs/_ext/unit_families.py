"""What the reference says of families of units, beside registries and docstrings.

To add a layer that a parameter takes without a key: ``LAYER_PARAMETERS``, or ``MADE_FROM``.
"""

import skmlp
from skmlp import nn

# Layers and terms that are no value of a parameter with a family of its own, without those that the
# library alone makes.
ELSEWHERE = {
    *nn.ACTIVATION_LAYERS.values(),
    *nn.CORRUPTIONS.values(),
    *nn.NUMERIC_EMBEDDINGS.values(),
    *nn.CODE_PENALTIES.values(),
}
LAYERS, TERMS = (
    {
        key: cls
        for key, cls in registry.items()
        if cls not in ELSEWHERE and getattr(nn, cls.__name__, None) is cls
    }
    for registry in (nn.LAYERS, nn.TERMS)
)

FAMILIES = {
    "activations": (
        "Activations",
        "`activation`",
        {**nn.ACTIVATIONS, **nn.ACTIVATION_LAYERS},
        nn.Activation,
    ),
    "losses": ("Losses", "`loss`", nn.LOSSES, nn.Loss),
    "optimizers": ("Optimizers", "`solver`", nn.OPTIMIZERS, nn.Optimizer),
    "layer_rates": (
        "Learning rates by layer",
        "`learning_rate_scaling`",
        nn.LAYER_RATES,
        nn.LayerRates,
    ),
    "schedules": ("Learning-rate schedules", "`learning_rate`", nn.SCHEDULES, nn.Schedule),
    "initializers": ("Initialisers", "`weight_init`", nn.INITIALIZERS, nn.Initializer),
    "layers": ("Layers", None, LAYERS, nn.Layer),
    "numeric_embeddings": (
        "Embeddings of numbers",
        "`numeric_embedding`",
        nn.NUMERIC_EMBEDDINGS,
        nn.NumericEmbedding,
    ),
    "joins": ("Joins", "`skip_connections`", nn.JOINS, nn.Join),
    "terms": ("Terms of the objective", None, TERMS, nn.Term),
    "code_penalties": ("Code penalties", "`code_penalty`", nn.CODE_PENALTIES, nn.Term),
    "corruptions": ("Corruptions", "`corruption`", nn.CORRUPTIONS, nn.Corruption),
}


# Parameters that take an instance of a layer without a key, and what else stands for it there;
# parameters that make a layer which is no value of one.
LAYER_PARAMETERS = {
    nn.BatchNorm: ("batch_norm", "``batch_norm=True`` is the same as ``BatchNorm()``."),
    nn.Dropout: ("dropout", "A number, such as ``dropout=0.2``, is the same as ``Dropout(0.2)``."),
    nn.AlphaDropout: ("dropout", ""),
    nn.Scale: ("input_scale", "``input_scale=True`` is the same as ``Scale()``."),
}
# what goes with a unit: a key that other solvers do not heed, a code in (0, 1), another rate
BESIDE = {
    nn.Invscaling: 'solver="sgd"',
    nn.Adaptive: 'solver="sgd"',
    nn.KLSparsity: 'code_activation="logistic"',
    nn.Adadelta: "learning_rate_init=1.0",
    nn.Lion: "learning_rate_init=0.0003",
    nn.AlphaDropout: 'activation="selu"',
}
MADE_FROM = {
    nn.Dense: "hidden_layer_sizes=(100, 50)",
    nn.Activate: 'activation="relu"',
    nn.Embedding: 'categorical_features="from_dtype", embedding_dim=8',
    nn.Head: "auxiliary_loss_weight=0.3",
}

# keys without a class
OTHER_KEYS = {
    "auto": "Where it is a key, ``auto`` chooses among the others.",
    "lbfgs": "The key ``lbfgs``, a method for all rows at once, has no class.",
}

# how the pages of families begin whose classes are no values of one parameter
INTRODUCTIONS = {
    "layers": """\
What networks are made of; the estimators put them together from their parameters. Other layers have
pages of their own: :doc:`activations <activations>` with learned slopes or several pieces,
:doc:`embeddings of numbers <numeric_embeddings>`, :doc:`joins <joins>`,
:doc:`corruptions <corruptions>` and :doc:`terms of the objective <terms>`.
""",
    "terms": """\
Layers that add a term to the training objective. The :doc:`code penalties <code_penalties>` of an
autoencoder are terms too.
""",
}

# what the pages of a family have in common, and the class that its base needs
NOTES = {
    "schedules": """\
The learning rate of a step is the estimator's ``learning_rate_init`` times the factor of the
schedule. In the formulas, epoch is the number of passes over the rows before the step, fractions
included. With ``warm_up`` above 0 the factor is also multiplied by a number that rises to 1 along a
straight line over the first ``warm_up`` epochs. With steps, the number of steps in an epoch, it is

.. math::

    \\min \\left( 1, \\frac{\\mathrm{epoch} + 1 / \\mathrm{steps}}{\\mathrm{warm\\_up}} \\right)

""",
}
RELATED = {nn.Schedule: "skmlp.nn.schedules.Clock"}

ESTIMATORS = (skmlp.MLPClassifier, skmlp.MLPRegressor, skmlp.Autoencoder)
