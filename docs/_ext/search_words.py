"""Puts the words that readers search for into the index of the page that answers them, so that the
search of the site lists it first.

The one decision: the words are kept here and not on the pages, so that the pages stay plain
Markdown. To add one: a word, in lower case, behind its page; a page that is not there is skipped.
"""

from sphinx.addnodes import index

WORDS = {
    "getting_started": "getting started; quick start; quickstart; tutorial; first steps",
    "guide/index": "guide; user guide",
    "guide/faq": "faq; frequently asked questions; question",
    "guide/troubleshooting": (
        "troubleshooting; overfitting; overfit; underfitting; loss is nan; nan loss; not learning; "
        "loss does not go down; does not learn; does not converge; convergence warning; slow; "
        "convergencewarning; divergence; vanishing gradient; dead relu; wrong predictions"
    ),
    "guide/tuning": (
        "tuning; hyperparameter; hyperparameters; hyperparameter search; "
        "grid search; random search; gridsearchcv; randomizedsearchcv; halving; optuna; "
        "hyperparameter optimization; hyperparameter optimisation; cross-validation; "
        "cross validation; learning curve; validation curve"
    ),
    "guide/regularising": (
        "regularisation; regularization; regularising; regularizing; overfitting; overfit; "
        "generalisation; generalization; early stopping; dropout; weight decay; l1; l2; penalty; "
        "max norm; elastic net; validation set; held-out data"
    ),
    "guide/classification": (
        "classification; imbalance; imbalanced; class imbalance; imbalanced classes; class weight; "
        "class_weight; calibration; calibrated probabilities; threshold; decision threshold; "
        "multilabel; multi-label; label smoothing; focal loss; smote; oversampling; roc; "
        "confusion matrix; unknown labels; missing labels"
    ),
    "guide/regression": (
        "regression; target scaling; scaling the target; normalize_y; quantile regression; "
        "prediction interval; multi-output; poisson regression; count data; robust regression; "
        "huber; counts"
    ),
    "guide/uncertainty": (
        "uncertainty; prediction interval; confidence interval; aleatoric; epistemic; mc dropout; "
        "monte carlo dropout; calibration; conformal; coverage; ensemble; bayesian"
    ),
    "guide/outliers": (
        "outlier; outliers; outlier detection; anomaly; anomalies; anomaly detection; novelty; "
        "novelty detection; isolation forest"
    ),
    "guide/imputation": (
        "imputation; imputer; missing values; missing value; missing data; nan; missing; "
        "knn imputer; iterative imputer"
    ),
    "guide/tables": (
        "table; tables; tabular; tabular data; data frame; dataframe; pandas; polars; categories; "
        "categorical; categorical features; missing values; embedding; embeddings; "
        "entity embeddings; one-hot; feature importance; interval; gradient boosting"
    ),
    "guide/boosted_trees": (
        "gradient boosting; boosting; boosted trees; xgboost; lightgbm; catboost; random forest; "
        "histgradientboosting; decision trees; comparison"
    ),
    "guide/from_frameworks": (
        "pytorch; torch; keras; tensorflow; skorch; framework; frameworks; gpu; cuda; nn.module; "
        "convolution; cnn; rnn; transformer; data loader"
    ),
    "guide/migrating": (
        "migration; migrating; sklearn.neural_network; scikit-learn; differences; drop-in"
    ),
    "performance": "performance; speed; gpu; threads; numba; benchmark; benchmarks; memory; fast",
    "guide/warm_start": (
        "warm start; warm_start; partial_fit; continue training; incremental learning; "
        "online learning; transfer learning; fine-tuning; finetuning; out of core; resume"
    ),
    "guide/autoencoders": (
        "autoencoder; autoencoders; dimensionality reduction; dimension reduction; denoising; "
        "variational; vae; pre-training; pretraining; transfer learning; representation learning; "
        "reconstruction; corrupted input; sparse code; latent space"
    ),
    "guide/callbacks": (
        "callback; callbacks; checkpoint; checkpoints; snapshot; progress bar; time limit; "
        "save during training; interrupt; resume; monitoring"
    ),
    "guide/deploying": (
        "deploy; deployment; deploying; onnx; save; load; save a model; persistence; pickle; "
        "skops; serving; export; latency; production; checkpoint"
    ),
    "guide/inside": (
        "feature importance; feature importances; permutation importance; saliency; explain; "
        "explainability; interpretability; shap; history; diagnostics; learning curve; "
        "input gradient; attribution"
    ),
    "guide/pictures": (
        "plot; plots; picture; pictures; visualisation; visualization; learning curve; "
        "training curve; loss curve; display; tensorboard"
    ),
    "guide/optimizers": (
        "optimizer; optimizers; optimiser; adam; sgd; learning rate; learning rate schedule; "
        "schedule; schedules; learning rate range test; learning rate finder; one-cycle; warm-up; "
        "lbfgs; gradient clipping; momentum; solver"
    ),
    "guide/batch_norm": (
        "batch norm; batch normalisation; batch normalization; normalisation; normalization; "
        "layer norm"
    ),
    "guide/choosing": (
        "choosing; architecture; how many layers; hidden layers; number of units; activation; "
        "loss function; loss functions; scaling; standardscaler; skip connections; residual"
    ),
    "guide/augmentation": (
        "augmentation; data augmentation; mixup; noise; cutout; images; image augmentation"
    ),
    "guide/custom": "custom loss; custom activation; custom; own loss; own activation; autodiff",
    "guide/extending": "extending; custom optimizer; custom layer; plug-in; custom schedule",
    "guide/clusters": "cluster; clusters; dask; ray; distributed; parallel; joblib; large data",
    "glossary": "glossary; terms; definitions; vocabulary",
    "cheat_sheet": "cheat sheet; cheatsheet; summary of parameters; overview",
    "lectures": "lecture; lectures; teaching; syllabus; topics",
    "course/index": "course; teaching; exercises; lessons; learn; theory",
    "policies": "version; versions; compatibility; deprecation; support; semantic versioning",
    "contributing": "contribute; contributing; development; tests; bug report",
    "changelog": "changelog; changes; release notes; what is new",
}


def add(app, doctree, docname):
    """Put the words of a page in front of it, where the search finds them. Overwrites: doctree."""
    words = WORDS.get(docname) or WORDS.get(docname.removeprefix("guide/"), "")
    entries = [("single", word.strip(), "", "main", None) for word in words.split(";") if word]
    if entries:
        doctree.insert(0, index(entries=entries, inline=False))


def setup(app):
    """Add the words when a page is written."""
    app.connect("doctree-resolved", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
