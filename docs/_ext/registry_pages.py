"""Writes the pages of the API reference from the registries and from ``__all__``, so that no list in it can go stale.

Each page is a table of names (autosummary, which makes a page for each name) below a line of explanation.
"""

import inspect
import textwrap
from pathlib import Path

import skmlp
import skmlp.callbacks
from skmlp import nn

FAMILIES = {
    "activations": ("Activations", "`activation`", {**nn.ACTIVATIONS, **nn.ACTIVATION_LAYERS}, nn.Activation),
    "losses": ("Losses", "`loss`", nn.LOSSES, nn.Loss),
    "optimizers": ("Optimizers", "`solver`", nn.OPTIMIZERS, nn.Optimizer),
    "schedules": ("Learning-rate schedules", "`learning_rate`", nn.SCHEDULES, nn.Schedule),
    "initializers": ("Initialisers", "`weight_init`", nn.INITIALIZERS, nn.Initializer),
    "layers": ("Layers", None, nn.LAYERS, nn.Layer),
}


def exported(cls):
    """Return the name by which a unit is documented: that of ``skmlp.nn`` if it is there, else that of its module."""
    if getattr(nn, cls.__name__, None) is cls:
        return f"skmlp.nn.{cls.__name__}"
    return f"{cls.__module__}.{cls.__name__}"


def first_line(cls):
    """Return the first sentence of a docstring."""
    return inspect.getdoc(cls).split("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def table(names, toctree="generated"):
    """Return an autosummary table of the names."""
    return f".. autosummary::\n   :toctree: {toctree}\n\n" + "".join(f"   {name}\n" for name in names) + "\n"


def heading(text, mark="="):
    """Return a title of reStructuredText."""
    return f"{text}\n{mark * len(text)}\n\n"


def family_page(title, parameter, registry, base):
    """Return the page of one registry: keys, classes, and the class that all derive from."""
    text = heading(title)
    if parameter:
        text += f"What the parameter {parameter} accepts: a key, or an instance of a class with its own hyper-parameters.\n\n".replace("`", "``")
    else:
        text += "What networks are made of; the estimators put them together from their parameters.\n\n"
    text += ".. list-table::\n   :header-rows: 1\n   :widths: 25 75\n\n   * - Key\n     - Class\n"
    for key, cls in registry.items():
        text += f"   * - ``{key}``\n     - :class:`~{exported(cls)}`\n"
    return text + "\n" + table(dict.fromkeys(exported(cls) for cls in [*registry.values(), base]))


def pages():
    """Return the text of each page by its name."""
    estimators = [f"skmlp.{name}" for name in skmlp.__all__]
    callbacks = [f"skmlp.callbacks.{name}" for name in skmlp.callbacks.__all__]
    index = heading("API reference")
    index += heading("Estimators and tools", "-") + table(estimators)
    index += heading("Callbacks", "-") + "How to use them: :doc:`/callbacks`.\n\n" + table(callbacks)
    index += heading("Units of the core", "-")
    index += textwrap.dedent("""\
        What the estimators' parameters of the same name accept as keys or instances, imported from ``skmlp.nn``.

        .. toctree::
           :maxdepth: 1

        """)
    written = {}
    for page, family in FAMILIES.items():
        written[page] = family_page(*family)
        index += f"   {page}\n"
    written["index"] = index
    return written


def write(app):
    """Write the pages into ``api/`` of the source directory, leaving alone what has not changed."""
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def setup(app):
    """Write the pages at once: autosummary looks for tables in files that are there before the build begins."""
    write(app)
    return {"parallel_read_safe": True}
