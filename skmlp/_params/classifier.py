"""The parameters that only a classifier has: which values they take, and what the docs say."""

from .._sklearn import StrOptions
from .constraints import CONSTRAINTS, loss_constraint, loss_keys
from .docs import loss_doc

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
    "class_weight": """
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, for imbalanced data, multiplied with ``sample_weight``; 'balanced'
        makes them inversely proportional to the class frequencies, in which rows count by
        ``sample_weight``; ``partial_fit`` refuses 'balanced'. Not for multilabel targets.""",
}
