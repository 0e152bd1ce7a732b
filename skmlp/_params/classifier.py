"""The parameters that only a classifier has: which values they take, and what the docs say."""

from .._sklearn import StrOptions
from .constraints import CONSTRAINTS, loss_constraint, loss_keys
from .docs import loss_doc
from .parameter_docs import more

CLASSIFIER_CONSTRAINTS = {
    **CONSTRAINTS,
    "loss": loss_constraint("multiclass"),
    "class_weight": [dict, StrOptions({"balanced"}), None],
}

CLASSIFIER_DOCS = {
    "loss": loss_doc(
        loss_keys("multiclass"),
        "LogLoss(label_smoothing=0.1)",
        """With 'log_loss' and 'focal' the network predicts probabilities: by the softmax for
        several classes, by the logistic function for two classes and for each column of multilabel
        targets. 'hinge',
        'squared_hinge' and 'perceptron' give scores only, and there is no ``predict_proba``; each
        class is compared with the rest.""",
    ),
    "hidden_layer_sizes": more(
        "hidden_layer_sizes",
        "With ``()`` there is none, and the model is linear (logistic or softmax regression).",
    ),
    "augmentation": more(
        "augmentation",
        """y has ones and zeros for the classes, in a column for each class, for two classes in one
        column; it stays as it is unless an augmenter changes it.""",
    ),
    "early_stopping": more(
        "early_stopping",
        """The rows of ``validation_fraction`` are stratified by class, except for multilabel
        targets, or if there are more than two classes and too few rows of them.""",
    ),
    "class_weight": """
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, for imbalanced data, multiplied with ``sample_weight``; 'balanced'
        makes them inversely proportional to the class frequencies, in which rows count by
        ``sample_weight``; ``partial_fit`` refuses 'balanced'. Not for multilabel targets.""",
}
