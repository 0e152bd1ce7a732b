"""
Denoising: what does an autoencoder learn when its input is corrupted?
======================================================================

An autoencoder that is as wide as its input may learn to copy it, which repairs nothing. Trained on
corrupted digits with clean ones as target, it has to learn what digits look like. Here a third of
the pixels is lost, in training at random anew for each batch.

Answer: the reconstruction of corrupted digits that it has not seen is nearer to the clean ones than
that of an autoencoder trained on clean digits, and much nearer than the corrupted digits
themselves.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skmlp import Autoencoder
from skmlp.nn import Masking

X = load_digits().data / 16
rng = np.random.default_rng(0)
clean = X[1200:]
corrupted = np.where(rng.uniform(size=clean.shape) < 0.33, 0.0, clean)

pictures = {"clean": clean, "a third lost": corrupted}
for name, corruption in {
    "trained on clean digits": None,
    "trained on corrupted digits": Masking(0.33),
}.items():
    model = Autoencoder(
        64,
        hidden_layer_sizes=(256,),
        corruption=corruption,
        learning_rate="one_cycle",
        learning_rate_init=0.005,
        max_iter=60,
        random_state=0,
    )
    pictures[name] = model.fit(X[:1200]).predict(corrupted)
errors = {name: np.sqrt(np.mean((picture - clean) ** 2)) for name, picture in pictures.items()}
print(
    "Root mean squared error against the clean digits:",
    {name: round(float(error), 3) for name, error in errors.items()},
)

figure, axes = plt.subplots(4, 10, figsize=(8, 4.4), layout="constrained")
figure.get_layout_engine().set(h_pad=0.12)
for row, (name, images) in zip(axes, pictures.items(), strict=True):
    for ax, image in zip(row, images[:10], strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set_xticks([])
        ax.set_yticks([])
    row[0].text(0, -1.0, f"{name}: error {errors[name]:.3f}").set_in_layout(False)
plt.show()
