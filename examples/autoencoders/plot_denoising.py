"""
What does an autoencoder learn from corrupted input? (denoising autoencoder)
============================================================================

**Answer.** To repair it. The reconstruction of corrupted digits that it has not seen is
nearer to the clean digits than that of an autoencoder trained on clean input, and also
nearer than the corrupted digits themselves.

An autoencoder that is as wide as its input may learn to copy it, which repairs nothing.
Trained with corrupted digits as input and clean digits as target, it has to learn what
digits look like. Here a third of the pixels is set to zero, in training at random anew
for each batch.
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

pictures = {"clean": clean, "corrupted: a third of the pixels set to zero": corrupted}
for name, corruption in {
    "reconstruction, trained on clean input": None,
    "reconstruction, trained on corrupted input": Masking(0.33),
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
print("Root mean squared error against the clean digits:")
for name, error in errors.items():
    print(f"  {name:43s} {error:.3f}")

figure, axes = plt.subplots(4, 10, figsize=(9, 5), layout="constrained")
figure.get_layout_engine().set(h_pad=0.12)
for row, (name, images) in zip(axes, pictures.items(), strict=True):
    for ax, image in zip(row, images[:10], strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set_xticks([])
        ax.set_yticks([])
    row[0].text(0, -1.0, f"{name}: error {errors[name]:.3f}").set_in_layout(False)
plt.show()
clean_input, corrupted_input = list(errors.values())[2:]
assert corrupted_input < 0.9 * clean_input
assert corrupted_input < 0.75 * list(errors.values())[1]
