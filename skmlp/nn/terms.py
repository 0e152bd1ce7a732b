"""The terms that the package has.

To add one: derive from ``Term`` in a file of its kind, put it into ``TERMS``; the tests iterate the registry.
"""

from .heads import Head

TERMS = {
    "head": Head,
}
