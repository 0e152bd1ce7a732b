"""Terms: layers that add something of their own to the objective of training.

What a term is says ``base.py``; those that are asked of the code of an autoencoder are also in
``CODE_PENALTIES``.

To add one: derive from ``Term`` in a file of its kind, write ``objective`` and what a layer needs,
put it into ``TERMS`` and ``skmlp.nn``; ``docs/contributing.md`` names the other files.
"""

from .auxiliary_head import Head
from .base import Term
from .code_penalties import Contractive, KLSparsity, L1Sparsity
from .variational import Variational

TERMS = {
    "head": Head,
    "kl_sparsity": KLSparsity,
    "l1_sparsity": L1Sparsity,
    "contractive": Contractive,
    "variational": Variational,
}

CODE_PENALTIES = {
    "kl": KLSparsity,
    "l1": L1Sparsity,
    "contractive": Contractive,
    "variational": Variational,
}
