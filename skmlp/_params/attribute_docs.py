"""The documentation of the attributes that fitted estimators share, written once."""

ATTRIBUTE_DOCS = {
    "coefs_": """
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer, views of the model: assigning them, or into them, changes it.""",
    "intercepts_": """
    intercepts_ : list of ndarray of shape (fan_out,)
        Intercepts of each layer, views of the model.""",
    "slopes_": """
    slopes_ : list of ndarray of shape (n_units,) or None
        Learned slopes of each hidden layer whose activation is 'prelu', views of the model; None
        for the others.""",
    "embeddings_": """
    embeddings_ : dict of pandas.DataFrame
        With ``categorical_features``: the learned vectors of each categorical column (by name or
        number), a row for each category; None among these is a missing value. Copies.""",
    "history_": """
    history_ : pandas.DataFrame
        One row per epoch: ``loss``, ``learning_rate``, ``gradient_norm`` (before clipping, of the
        epoch's last batch), ``seconds`` and, where there is a validation set, ``validation_loss``
        and ``validation_score``. For 'lbfgs' one row per iteration.""",
    "loss_": """
    loss_ : float
        Training loss of the last epoch.""",
    "best_loss_": """
    best_loss_ : float or None
        Lowest training loss; None with ``early_stopping``.""",
    "loss_curve_": """
    loss_curve_ : list of float
        Training loss, penalty included, per epoch.""",
    "validation_scores_": """
    validation_scores_ : list of float or None
        Validation score per epoch, if there is a validation set.""",
    "best_validation_score_": """
    best_validation_score_ : float or None
        Highest validation score.""",
    "n_iter_": """
    n_iter_ : int
        Number of epochs of the last call to ``fit``.""",
    "t_": """
    t_ : int
        Number of rows seen in training, counted again in each epoch.""",
    "n_layers_": """
    n_layers_ : int
        Number of layers, input and output included.""",
    "n_outputs_": """
    n_outputs_ : int
        Number of outputs.""",
    "out_activation_": """
    out_activation_ : str
        Name of the loss's output link.""",
    "n_features_in_": """
    n_features_in_ : int
        Number of features seen during ``fit``.""",
    "feature_names_in_": """
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if all of them are strings.""",
}
