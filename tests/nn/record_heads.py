"""Record how PyTorch trains a network with losses at its hidden layers into ``heads.npz``, the
oracle of ``test_heads.py``.

Run with a Python that has PyTorch: ``python tests/nn/record_heads.py``. Weights have shape (n_in,
n_out); ``hidden_k_...``, ``head_k_...`` and ``output_...`` are those of the k-th hidden layer, of
its head, and of the output layer. Ten steps of gradient descent at rate 0.5.
"""

import itertools
import pathlib

import numpy as np

N, WIDTHS, N_OUT, STRENGTHS, RATE, N_STEPS = 12, (4, 6, 5), 3, (0.3, 0.7), 0.5, 10


def main():
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    rng = np.random.default_rng(12)
    x, weight = rng.normal(size=(N, WIDTHS[0])), rng.uniform(0.5, 2.0, (N, 1))
    classes, labels = (
        np.eye(N_OUT)[rng.integers(0, N_OUT, N)],
        rng.integers(0, 2, (N, N_OUT)).astype(float),
    )
    labels[rng.uniform(size=labels.shape) < 0.3] = np.nan
    losses = {
        "classes": (classes, lambda raw, target: cross_entropy(raw, target, reduction="none")),
        # missing entries have a weight of zero
        "labels": (
            labels,
            lambda raw, target: binary_cross_entropy_with_logits(
                raw, target.nan_to_num(), weight=(~target.isnan()).to(raw), reduction="none"
            ).sum(dim=1),
        ),
    }
    arrays = {"x": x, "weight": weight}
    for case, (target, rows) in losses.items():
        params = {}
        for k, (n_in, n_out) in enumerate(itertools.pairwise(WIDTHS)):
            params |= {f"hidden_{k}_weight": (n_in, n_out), f"hidden_{k}_bias": (1, n_out)}
            params |= {f"head_{k}_weight": (n_out, N_OUT), f"head_{k}_bias": (1, N_OUT)}
        params |= {"output_weight": (WIDTHS[-1], N_OUT), "output_bias": (1, N_OUT)}
        tensors = {
            name: torch.tensor(rng.normal(size=shape), requires_grad=True)
            for name, shape in params.items()
        }
        arrays |= {f"{case}_target": target} | {
            f"{case}_{name}": tensor.detach().numpy().copy() for name, tensor in tensors.items()
        }
        optimizer, values = torch.optim.SGD(tensors.values(), lr=RATE), []
        shares, target = torch.tensor(weight[:, 0] / weight.sum()), torch.tensor(target)
        for _ in range(N_STEPS):
            optimizer.zero_grad()
            hidden, objective = torch.tensor(x), 0.0
            for k, strength in enumerate(STRENGTHS):
                hidden = torch.tanh(
                    hidden @ tensors[f"hidden_{k}_weight"] + tensors[f"hidden_{k}_bias"]
                )
                scores = hidden @ tensors[f"head_{k}_weight"] + tensors[f"head_{k}_bias"]
                objective = objective + strength * (shares * rows(scores, target)).sum()
            scores = hidden @ tensors["output_weight"] + tensors["output_bias"]
            objective = objective + (shares * rows(scores, target)).sum()
            objective.backward()
            optimizer.step()
            values.append(float(objective.detach()))
        arrays |= {f"{case}_values": np.array(values)} | {
            f"{case}_end_{name}": t.detach().numpy() for name, t in tensors.items()
        }
    np.savez_compressed(pathlib.Path(__file__).with_name("heads.npz"), **arrays)


if __name__ == "__main__":
    main()
