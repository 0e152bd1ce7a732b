"""Record what PyTorch computes into ``trajectories.npz``, the oracle of ``test_trajectories.py``
and its neighbours.

Run with a Python that has PyTorch: ``python tests/nn/record_trajectories.py``. The tests never
import this file's PyTorch. Weights have shape (n_in, n_out), parameters are listed as (layer
number, name) of the layers named in ``NETWORKS``.
"""

import itertools
import json
import math
import pathlib

import numpy as np

N_STEPS = 10
BATCHES = [slice(0, 6), slice(6, 12)]
NETWORKS = {
    "plain": ["dense", "tanh", "dense"],
    "batch_norm": ["dense", "batch_norm", "tanh", "dense"],
}
SIZES = (3, 4, 3)

CASES = {
    "sgd_plain": {
        "optimizer": "sgd",
        "options": {"momentum": 0.0, "nesterovs_momentum": False},
        "lr": 0.3,
    },
    "sgd_momentum": {
        "optimizer": "sgd",
        "options": {"momentum": 0.8, "nesterovs_momentum": False},
        "lr": 0.1,
    },
    "sgd_nesterov": {
        "optimizer": "sgd",
        "options": {"momentum": 0.8, "nesterovs_momentum": True},
        "lr": 0.1,
    },
    "sgd_penalty": {
        "optimizer": "sgd",
        "options": {"momentum": 0.8, "nesterovs_momentum": True},
        "lr": 0.1,
        "penalty": 0.2,
    },
    "adam": {
        "optimizer": "adam",
        "options": {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-2},
        "lr": 0.05,
    },
    "adam_penalty": {
        "optimizer": "adam",
        "options": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
        "lr": 0.05,
        "penalty": 0.2,
    },
    "adamw": {
        "optimizer": "adamw",
        "options": {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-2},
        "lr": 0.05,
        "decay": 0.3,
    },
    "sgd_dampened": {
        "optimizer": "sgd",
        "options": {"momentum": 0.8, "nesterovs_momentum": False, "dampening": 0.8},
        "lr": 0.5,
    },
    "amsgrad": {
        "optimizer": "amsgrad",
        "options": {"beta_1": 0.8, "beta_2": 0.7, "epsilon": 1e-2},
        "lr": 0.05,
    },
    "nadam": {
        "optimizer": "nadam",
        "options": {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-2},
        "lr": 0.05,
    },
    "nadam_penalty": {
        "optimizer": "nadam",
        "options": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
        "lr": 0.05,
        "penalty": 0.2,
    },
    "adadelta": {"optimizer": "adadelta", "options": {"rho": 0.8, "epsilon": 1e-2}, "lr": 0.7},
    "adadelta_penalty": {
        "optimizer": "adadelta",
        "options": {"rho": 0.9, "epsilon": 1e-6},
        "lr": 1.0,
        "penalty": 0.2,
    },
    "lion": {"optimizer": "lion", "options": {"beta_1": 0.9, "beta_2": 0.99}, "lr": 0.05},
    "lion_decay": {
        "optimizer": "lion",
        "options": {"beta_1": 0.6, "beta_2": 0.8},
        "lr": 0.05,
        "decay": 0.3,
    },
    "rmsprop": {"optimizer": "rmsprop", "options": {"rho": 0.8, "epsilon": 1e-2}, "lr": 0.02},
    "adagrad": {"optimizer": "adagrad", "options": {"epsilon": 1e-2}, "lr": 0.1},
    "batch_norm_sgd": {
        "optimizer": "sgd",
        "options": {"momentum": 0.8, "nesterovs_momentum": True},
        "lr": 0.1,
        "network": "batch_norm",
    },
    "batch_norm_adam": {
        "optimizer": "adam",
        "options": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
        "lr": 0.05,
        "network": "batch_norm",
    },
}
ADAMS = ("adam", "adamw", "amsgrad", "nadam")


def main():
    import torch

    torch.set_default_dtype(torch.float64)  # of the scalars that some optimizers keep, too
    rng = np.random.default_rng(7)
    x = rng.normal(size=(12, SIZES[0])) * [1.0, 2.0, 0.5] + [0.0, 1.0, -1.0]
    labels = rng.integers(0, SIZES[-1], 12)
    start = [rng.normal(size=(a, b)) for a, b in itertools.pairwise(SIZES)]
    start += [0.3 * rng.normal(size=(1, b)) for b in SIZES[1:]]
    arrays = {"x": x, "labels": labels}
    cases = {}
    for name, case in CASES.items():
        case = {"network": "plain", "penalty": 0.0, "decay": 0.0, **case}
        record = train(torch, case, x, labels, start)
        case["params"] = record.pop("names")
        cases[name] = case
        arrays.update({f"{name}/{key}": value for key, value in record.items()})
    arrays.update(schedules(torch))
    arrays["cases"] = np.array(json.dumps({"networks": NETWORKS, "sizes": SIZES, "cases": cases}))
    np.savez_compressed(pathlib.Path(__file__).with_name("trajectories.npz"), **arrays)


def train(torch, case, x, labels, start):
    """Return the flat parameters before and after each step, each step's gradient and loss, and
    what batch normalisation tracked.
    """
    x, labels = torch.tensor(x), torch.tensor(labels)
    w1, w2, b1, b2 = (torch.tensor(array, requires_grad=True) for array in start)
    norm = (
        torch.nn.BatchNorm1d(SIZES[1], momentum=0.1, eps=1e-5).double()
        if case["network"] == "batch_norm"
        else None
    )
    named = {"0.weight": w1, "2.weight": w2, "0.bias": b1, "2.bias": b2}
    if norm is not None:
        named = {
            "0.weight": w1,
            "3.weight": w2,
            "0.bias": b1,
            "1.gamma": norm.weight,
            "1.beta": norm.bias,
            "3.bias": b2,
        }
    others = [p for p in named.values() if p is not w1 and p is not w2]
    groups = [
        {"params": [w1, w2], "weight_decay": case["penalty"] or case["decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = make_optimizer(torch, case, groups)

    def forward(rows):
        hidden = rows @ w1 + b1
        return torch.tanh(hidden if norm is None else norm(hidden)) @ w2 + b2

    def flat(arrays):
        return np.concatenate([array.detach().numpy().ravel() for array in arrays])

    record = {
        "params": [flat(named.values())],
        "grads": [],
        "losses": [],
        "means": [],
        "variances": [],
    }
    for step in range(N_STEPS):
        rows = BATCHES[step % 2]
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(forward(x[rows]), labels[rows])
        loss.backward()
        record["losses"].append(loss.item())
        record["grads"].append(flat([p.grad for p in named.values()]))
        if case["optimizer"] in ADAMS:
            # PyTorch adds epsilon after the bias correction of v, scikit-learn and this package
            # before
            for group in optimizer.param_groups:
                group["eps"] = case["options"]["epsilon"] / math.sqrt(
                    1.0 - case["options"]["beta_2"] ** (step + 1)
                )
        optimizer.step()
        record["params"].append(flat(named.values()))
        if norm is not None:
            record["means"].append(norm.running_mean.numpy().copy())
            record["variances"].append(norm.running_var.numpy().copy())
    if norm is not None:
        norm.eval()
    record["scores"] = forward(x).detach().numpy()
    return {
        "names": {k: list(p.shape) for k, p in named.items()},
        **{k: np.array(v) for k, v in record.items() if len(v)},
    }


def make_optimizer(torch, case, groups):
    options, lr = case["options"], case["lr"]
    if case["optimizer"] == "sgd":
        momentum, dampening = options["momentum"], options.get("dampening", 0.0)
        rule = torch.optim.SGD(
            groups,
            lr=lr,
            momentum=momentum,
            nesterov=options["nesterovs_momentum"],
            dampening=dampening,
        )
        if dampening:  # PyTorch does not dampen a first step, unless there is a velocity already
            for p in itertools.chain(*(group["params"] for group in groups)):
                rule.state[p]["momentum_buffer"] = torch.zeros_like(p)
        return rule
    if case["optimizer"] in ADAMS:
        betas = (options["beta_1"], options["beta_2"])
        if (
            case["optimizer"] == "nadam"
        ):  # the schedule of the momentum is over before the first step
            return torch.optim.NAdam(groups, lr=lr, betas=betas, momentum_decay=1e9)
        rule = torch.optim.AdamW if case["optimizer"] == "adamw" else torch.optim.Adam
        return rule(groups, lr=lr, betas=betas, amsgrad=case["optimizer"] == "amsgrad")
    if case["optimizer"] == "adadelta":
        return torch.optim.Adadelta(groups, lr=lr, rho=options["rho"], eps=options["epsilon"])
    if case["optimizer"] == "lion":
        return lion(torch, groups, lr, options["beta_1"], options["beta_2"])
    if case["optimizer"] == "rmsprop":
        return torch.optim.RMSprop(groups, lr=lr, alpha=options["rho"], eps=options["epsilon"])
    if case["optimizer"] == "adagrad":
        return torch.optim.Adagrad(groups, lr=lr, eps=options["epsilon"])
    raise KeyError(case["optimizer"])


def lion(torch, groups, lr, beta_1, beta_2):
    """Return an optimizer that computes program 1 of Chen et al. (2023), line by line; PyTorch
    has none.
    """

    class Lion(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    momentum = self.state[p].get("momentum", torch.zeros_like(p))
                    update = torch.sign(torch.lerp(p.grad, momentum, beta_1))
                    self.state[p]["momentum"] = torch.lerp(p.grad, momentum, beta_2)
                    p -= (update + p * group["weight_decay"]) * lr

    return Lion(groups, {"weight_decay": 0.0})


def schedules(torch):
    """Return the factors of PyTorch's schedules at every step of a cycle, and of the one that
    answers to a list of losses.
    """
    lr_scheduler = torch.optim.lr_scheduler
    makers = {
        "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(
            optimizer, T_max=20, eta_min=0.1
        ),
        # steps 0 .. 20, the top at 0.3 * 20; PyTorch's final factor counts from the start, 1 / 25
        "one_cycle": lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=1.0,
            total_steps=21,
            pct_start=7 / 21,
            div_factor=25.0,
            final_div_factor=400.0,
            cycle_momentum=False,
        ),
        "step": lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.3),
        "exponential": lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma=0.9),
        "linear": lambda optimizer: lr_scheduler.LinearLR(
            optimizer, start_factor=1.0, end_factor=0.1, total_iters=20
        ),
        "cosine_restarts": lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(
            optimizer, T_0=3, T_mult=2, eta_min=0.1
        ),
        "even_restarts": lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(
            optimizer, T_0=4
        ),
        "warm_constant": lambda optimizer: lr_scheduler.LinearLR(
            optimizer, start_factor=1 / 5, total_iters=4
        ),
        "warm_exponential": lambda optimizer: lr_scheduler.ChainedScheduler(
            [
                lr_scheduler.LinearLR(optimizer, start_factor=1 / 5, total_iters=4),
                lr_scheduler.ExponentialLR(optimizer, gamma=0.9),
            ]
        ),
    }
    out = {}
    for name, make in makers.items():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler = make(optimizer)
        factors = [scheduler.get_last_lr()[0]]
        for _ in range(20):
            optimizer.step()
            scheduler.step()
            factors.append(scheduler.get_last_lr()[0])
        out[f"schedule/{name}"] = np.array(factors)
    losses = np.exp(-np.linspace(0, 2, 60)) + 0.1 * np.random.default_rng(3).normal(size=60)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=3, threshold=0.0, threshold_mode="abs", min_lr=0.1
    )
    factors = []
    for loss in losses:
        scheduler.step(loss)
        factors.append(optimizer.param_groups[0]["lr"])
    return {**out, "plateau/losses": losses, "plateau/factors": np.array(factors)}


if __name__ == "__main__":
    main()
