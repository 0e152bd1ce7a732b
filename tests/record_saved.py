"""Records models in the current format, and what ONNX Runtime predicts with them: ``python -m
tests.record_saved``.

To be run when ``FORMAT`` has been raised, not to make a test pass that says that old files are no
longer read as they should be.
"""

import pickle
import warnings
from pathlib import Path

import numpy as np

from skmlp import MLPClassifier, TabularMLPRegressor, nn
from skmlp.nn.saved import FORMAT
from skmlp.onnx._convert import to_onnx

from .onnx_runs import columns_of, outputs
from .problems import blobs
from .tables import mixed

PLACE = Path(__file__).parent / "saved"


def main():
    X, y = blobs(3)
    model = MLPClassifier(
        (6, 5, 4),
        activation=["prelu", "maxout", nn.LeakyReLU(0.2)],
        solver=nn.Adam(beta_1=0.8),
        learning_rate=nn.OneCycle(n_epochs=30),
        learning_rate_init=0.02,
        batch_norm=nn.BatchNorm(momentum=0.2),
        dropout=[0.1, 0.0, nn.AlphaDropout(0.1)],
        input_dropout=0.1,
        skip_connections="concat",
        alpha=0.01,
        max_iter=6,
        random_state=0,
    )
    ensemble = TabularMLPRegressor(2, hidden_layer_sizes=(4,), max_iter=6, random_state=0)
    table, target = mixed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, np.array(["a", "b", "c"])[y])
        ensemble.fit(table, target)
    got = outputs(to_onnx(model, X), X.astype(np.float32))
    of_table = outputs(to_onnx(ensemble, table), columns_of(table))
    (PLACE / f"format_{FORMAT}.pkl").write_bytes(pickle.dumps((model, ensemble), protocol=4))
    np.savez_compressed(
        PLACE / f"format_{FORMAT}.npz",
        label=got["label"].astype(str),
        probabilities=got["probabilities"],
        prediction=of_table["prediction"],
    )


if __name__ == "__main__":
    main()
