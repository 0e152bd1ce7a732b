"""The terms that the package has.

To add one: derive from ``Term`` in a file of its kind, put it into ``TERMS``; the tests iterate the registry.
"""

from .code_penalties import Contractive, KlSparsity, L1Sparsity
from .heads import Head
from .variational import Variational

TERMS = {
    "head": Head,
    "kl_sparsity": KlSparsity,
    "l1_sparsity": L1Sparsity,
    "contractive": Contractive,
    "variational": Variational,
}
