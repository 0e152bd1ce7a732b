"""Record what PyTorch computes with residual and dense connections into ``joins.npz``, the oracle
of ``test_joins.py``.

Run with a Python that has PyTorch: ``python tests/nn/record_joins.py``. Weights have shape (n_in,
n_out); ``block_k_weight`` and ``block_k_bias`` are those of the k-th hidden block,
``output_weight`` those of the output layer.
"""

import pathlib

import numpy as np

N, WIDTH, N_BLOCKS, N_CLASSES = 10, 4, 3, 3


def main():
    import torch

    rng = np.random.default_rng(11)
    x, labels = rng.normal(size=(N, WIDTH)), rng.integers(0, N_CLASSES, N)
    arrays = {"x": x, "labels": labels}
    for kind in ("add", "concat"):
        width, params = WIDTH, {}
        for k in range(N_BLOCKS):
            params[f"block_{k}_weight"] = rng.normal(size=(width, WIDTH))
            params[f"block_{k}_bias"] = rng.normal(size=(1, WIDTH))
            width = width if kind == "add" else width + WIDTH
        params["output_weight"], params["output_bias"] = (
            rng.normal(size=(width, N_CLASSES)),
            rng.normal(size=(1, N_CLASSES)),
        )
        tensors = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
        hidden = torch.tensor(x, requires_grad=True)
        first = hidden
        for k in range(N_BLOCKS):
            linear = torch.nn.functional.linear(
                hidden, tensors[f"block_{k}_weight"].T, tensors[f"block_{k}_bias"][0]
            )
            block = torch.nn.functional.gelu(linear)
            hidden = hidden + block if kind == "add" else torch.cat([hidden, block], dim=1)
        scores = torch.nn.functional.linear(
            hidden, tensors["output_weight"].T, tensors["output_bias"][0]
        )
        loss = torch.nn.functional.cross_entropy(scores, torch.tensor(labels))
        loss.backward()
        arrays |= {f"{kind}_{name}": value for name, value in params.items()}
        arrays |= {f"{kind}_d_{name}": tensor.grad.numpy() for name, tensor in tensors.items()}
        arrays |= {
            f"{kind}_scores": scores.detach().numpy(),
            f"{kind}_loss": loss.detach().numpy(),
            f"{kind}_dx": first.grad.numpy(),
        }
    np.savez_compressed(pathlib.Path(__file__).with_name("joins.npz"), **arrays)


if __name__ == "__main__":
    main()
