"""Writes the pages of the API reference from the registries and from ``__all__``, so that no list
in it can go stale.

Estimators and callbacks are tables of autosummary, which makes a page for each name. Units have a
table with their keys, and pages of their own.
"""

import inspect
import textwrap
from pathlib import Path

import skmlp
import skmlp.augment
import skmlp.callbacks
import skmlp.onnx
import skmlp.plot
from skmlp import nn

# the order in which the reference lists what ``skmlp`` has; what is in none is a tool
SECTIONS = {
    "Estimators for tables": (
        "They take a data frame as it is: :doc:`/guide/tables`.",
        ["TabularMLPClassifier", "TabularMLPRegressor"],
    ),
    "Networks": (
        "One network, every part of which is a parameter: :doc:`/guide/choosing`.",
        ["MLPClassifier", "MLPRegressor"],
    ),
    "Autoencoders": (
        "Codes, missing values and outliers: :doc:`/guide/autoencoders`.",
        ["Autoencoder", "AutoencoderImputer", "OutlierAutoencoder"],
    ),
    "Tools": ("Functions that take fitted estimators, and settings of the package.", []),
}

FAMILIES = {
    "activations": (
        "Activations",
        "`activation`",
        {**nn.ACTIVATIONS, **nn.ACTIVATION_LAYERS},
        nn.Activation,
    ),
    "losses": ("Losses", "`loss`", nn.LOSSES, nn.Loss),
    "optimizers": ("Optimizers", "`solver`", nn.OPTIMIZERS, nn.Optimizer),
    "layer_rates": (
        "Learning rates by layer",
        "`learning_rate_scaling`",
        nn.LAYER_RATES,
        nn.LayerRates,
    ),
    "schedules": ("Learning-rate schedules", "`learning_rate`", nn.SCHEDULES, nn.Schedule),
    "initializers": ("Initialisers", "`weight_init`", nn.INITIALIZERS, nn.Initializer),
    "layers": ("Layers", None, nn.LAYERS, nn.Layer),
    "numeric_embeddings": (
        "Embeddings of numbers",
        "`numeric_embedding`",
        nn.NUMERIC_EMBEDDINGS,
        nn.NumericEmbedding,
    ),
    "joins": ("Joins", "`skip_connections`", nn.JOINS, nn.Join),
    "terms": ("Terms of the objective", None, nn.TERMS, nn.Term),
    "code_penalties": ("Code penalties", "`code_penalty`", nn.CODE_PENALTIES, nn.Term),
    "corruptions": ("Corruptions", "`corruption`", nn.CORRUPTIONS, nn.Corruption),
}


CUSTOM = """\
A parameter such as ``activation``, and the ``loss`` of a regressor, can be a function made of
NumPy's elementwise functions. How to write one: :doc:`/guide/custom`.

.. automodule:: skmlp.nn.autodiff.custom

.. autoclass:: skmlp.nn.autodiff.custom.FunctionActivation

.. autoclass:: skmlp.nn.autodiff.custom.FunctionLoss
"""


def exported(cls):
    """Return the name by which a unit is documented: that of ``skmlp.nn`` if it is there, else
    that of its module.
    """
    if getattr(nn, cls.__name__, None) is cls:
        return f"skmlp.nn.{cls.__name__}"
    return f"{cls.__module__}.{cls.__name__}"


def first_line(cls):
    """Return the first sentence of a docstring, safe within a table."""
    return inspect.getdoc(cls).split("\n\n")[0].replace("\n", " ")


def table(names):
    """Return an autosummary table of the names."""
    return (
        ".. autosummary::\n   :toctree: generated\n\n"
        + "".join(f"   {name}\n" for name in names)
        + "\n"
    )


def heading(text, mark="="):
    """Return a title of reStructuredText."""
    return f"{text}\n{mark * len(text)}\n\n"


def modules(page, registry, taken):
    """Return targets for references to the modules of a family, but those that have one on an
    earlier page. Overwrites: taken.
    """
    names = [
        name
        for name in dict.fromkeys(
            [f"skmlp.nn.{page}", *(cls.__module__ for cls in registry.values())]
        )
        if name not in taken
    ]
    taken.update(names)
    return "".join(f".. py:module:: {name}\n\n" for name in names)


def family_page(title, parameter, registry, base, targets, listed):
    """Return the page of one registry: keys, classes, and the class that all derive from.

    Overwrites: listed, the classes with a place.
    """
    text = targets + heading(title)
    if parameter:
        text += (
            f"What the parameter {parameter} accepts: a key, or an instance of a class with "
            "its own hyperparameters.\n\n"
        ).replace("`", "``")
    else:
        text += (
            "What networks are made of; the estimators put them together from their parameters.\n\n"
        )
    text += (
        ".. list-table::\n   :class: units\n   :header-rows: 1\n   :widths: 20 20 60\n\n"
        "   * - Key\n     - Class\n     - What it is\n"
    )
    bases = [] if base in registry.values() else [(None, base)]
    for key, cls in [*registry.items(), *bases]:
        text += (
            f"   * - {f'``{key}``' if key else ''}\n     - :class:`~{exported(cls)}`\n     - "
            f"{first_line(cls)}\n"
        )
    names = [
        name
        for name in dict.fromkeys(exported(cls) for cls in [*registry.values(), base])
        if name not in listed
    ]
    listed.update(names)
    if not names:
        return text
    return (
        text
        + "\n.. toctree::\n   :hidden:\n\n"
        + "".join(f"   generated/{name}\n" for name in names)
    )


def unit_page(cls, members=False):
    """Return the page of one class: its docstring, without the methods that only the core calls,
    unless it is the class that all of a family derive from.
    """
    module, name = exported(cls).rsplit(".", 1)
    options = "   :members:\n" if members else ""
    return (
        heading(name)
        + f".. currentmodule:: {module}\n\n.. autoclass:: {name}\n{options}\n"
        + gallery(exported(cls))
    )


def gallery(name):
    """Return a small gallery of the examples that use a name, nothing if there are none."""
    heads = "   :add-heading: Examples in the gallery\n   :heading-level: -\n"
    return f".. minigallery:: {name}\n{heads}"


def pages():
    """Return the text of each page by its name."""
    displays = [f"skmlp.{name}" for name in skmlp.plot.__all__]
    listed = [name for _, names in SECTIONS.values() for name in names]
    others = [name for name in skmlp.__all__ if name not in [*listed, *skmlp.plot.__all__]]
    callbacks = [f"skmlp.callbacks.{name}" for name in skmlp.callbacks.__all__]
    augmenters = [f"skmlp.augment.{name}" for name in skmlp.augment.__all__]
    index = heading("API reference")
    for title, (text, names) in SECTIONS.items():
        index += heading(title, "-") + f"{text}\n\n"
        index += table([f"skmlp.{name}" for name in names or others])
    index += (
        heading("Pictures", "-") + "How to use them: :doc:`/guide/pictures`.\n\n" + table(displays)
    )
    index += (
        heading("Callbacks", "-")
        + "How to use them: :doc:`/guide/callbacks`.\n\n"
        + table(callbacks)
    )
    index += (
        heading("Augmenters", "-")
        + "How to use them: :doc:`/guide/augmentation`.\n\n"
        + table(augmenters)
    )
    index += heading("ONNX", "-") + "What converts and how: :doc:`/guide/deploying`.\n\n"
    index += table([f"skmlp.onnx.{name}" for name in ("to_onnx", "register", "Graph")])
    index += heading("Functions of your own", "-")
    index += "What :mod:`skmlp.nn.autodiff.custom` makes of them: :doc:`custom`.\n\n"
    index += heading("Units of the core", "-")
    index += textwrap.dedent("""\
        What the estimators' parameters of the same name accept as keys or instances, imported from
        ``skmlp.nn``.

        .. toctree::
           :maxdepth: 1

        """)
    written, taken, listed = {}, set(), set()
    for page, family in FAMILIES.items():
        *_, registry, base = family
        written[page] = family_page(*family, modules(page, registry, taken), listed)
        units = dict.fromkeys(registry.values())
        written.update(
            {
                f"generated/{exported(cls)}": unit_page(cls, members=cls not in units)
                for cls in [*units, base]
            }
        )
        index += f"   {page}\n"
    written["custom"] = heading("Functions of your own") + CUSTOM
    modules_here = ["augment", "callbacks", "onnx", "plot"]
    targets = "".join(f"\n.. py:module:: skmlp.{name}\n" for name in modules_here)
    written["index"] = index + "   custom\n" + targets
    return written


def write(app):
    """Write the pages into ``api/`` of the source directory, leaving alone what has not changed."""
    folder = Path(app.srcdir) / "api"
    (folder / "generated").mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def setup(app):
    """Write the pages at once: autosummary looks for tables in files that are there before the
    build begins.
    """
    write(app)
    return {"parallel_read_safe": True}
