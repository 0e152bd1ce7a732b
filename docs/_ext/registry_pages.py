"""Writes the pages of the API reference from the registries and from ``__all__``, so that no list
in it can go stale.

Estimators and callbacks are tables of autosummary, which makes a page for each name. Units have a
table with their keys, and pages of their own.
"""

import inspect
import textwrap
from pathlib import Path

from unit_families import (
    BESIDE,
    ESTIMATORS,
    FAMILIES,
    INTRODUCTIONS,
    LAYER_PARAMETERS,
    MADE_FROM,
    NOTES,
    OTHER_KEYS,
    RELATED,
)

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


def family_page(page, targets, listed):
    """Return the page of one registry: keys, classes, and the class that all derive from.

    Overwrites: listed, the classes with a place.
    """
    title, parameter, registry, base = FAMILIES[page]
    text = targets + heading(title)
    text += accepted(parameter.strip("`"), registry, base) if parameter else INTRODUCTIONS[page]
    text += (
        "\n.. list-table::\n   :class: units\n   :header-rows: 1\n   :widths: 20 20 60\n\n"
        f"   * - {'Key' if parameter else 'Parameter'}\n     - Class\n     - What it is\n"
    )
    bases = [] if base in registry.values() else [(None, base)]
    for key, cls in [*registry.items(), *bases]:
        word = key if parameter else maker(cls)
        text += (
            f"   * - {f'``{word}``' if word else ''}\n     - :class:`~{exported(cls)}`\n     - "
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


def accepted(parameter, registry, base):
    """Return what a parameter accepts, and which estimators take which keys if not all take all."""
    kinds = {
        estimator: estimator._parameter_constraints[parameter]
        for estimator in ESTIMATORS
        if parameter in estimator._parameter_constraints
    }
    taken = {
        estimator: [key for key in [*registry, *OTHER_KEYS] if has_key(estimator, parameter, key)]
        for estimator in kinds
    }
    first, *others = taken.values()
    text = f"What the parameter ``{parameter}`` accepts: a key"
    if base is not nn.Join:
        functions = any(callable in kind for kind in kinds.values())
        text += f"{',' if functions else ' or'} an instance of a class with its own hyperparameters"
        text += ", or a function" * functions
    text += "."
    for key, note in OTHER_KEYS.items():
        if any(key in keys for keys in taken.values()):
            text += f" {note}"
    if all(keys == first for keys in others):
        return text + "\n"
    text += "\n\n" + "".join(
        f"* {links(parameter, [estimator])}: {', '.join(f'``{key}``' for key in keys)}.\n"
        for estimator, keys in taken.items()
    )
    forms = {key: cls().binary_form for key, cls in registry.items() if cls().binary_form}
    return text + "".join(
        f'\nFor two classes and for several labels, ``MLPClassifier(loss="{key}")`` uses '
        f":class:`~{exported(form)}`.\n"
        for key, form in forms.items()
    )


def maker(cls):
    """Return the parameter that makes the layers of a class, None for a base."""
    return LAYER_PARAMETERS.get(cls, (MADE_FROM.get(cls, "").split("=")[0],))[0]


def suits(estimator, parameter, cls):
    """Return whether a parameter of an estimator takes an instance of a class."""
    if parameter == "loss" and cls is not nn.Loss:
        numbers = "regression" in cls.targets
        return {
            skmlp.MLPClassifier: not numbers,
            skmlp.MLPRegressor: numbers,
            skmlp.Autoencoder: cls.soft_targets or (numbers and cls().n_scores == 1),
        }[estimator]
    kinds = estimator._parameter_constraints.get(parameter, ())
    return any(isinstance(kind, type) and issubclass(cls, kind) for kind in kinds)


def has_key(estimator, parameter, key):
    """Return whether a parameter of an estimator takes a key."""
    constraints = estimator._parameter_constraints.get(parameter, ())
    return any(key in getattr(constraint, "options", ()) for constraint in constraints)


def place(cls):
    """Return the parameter that a class is a value of and its key there, None for what it lacks."""
    for _, parameter, registry, base in FAMILIES.values():
        for key, unit in registry.items():
            if parameter and unit is cls:
                return parameter.strip("`"), key
        if parameter and base is cls:
            return parameter.strip("`"), None
    return LAYER_PARAMETERS.get(cls, (None, None))[0], None


def links(parameter, estimators):
    """Return links to a parameter of estimators, as a list in words."""
    *first, last = [f":ref:`{cls.__name__} <{cls.__name__}-{parameter}>`" for cls in estimators]
    return f"{', '.join(first)} and {last}" if first else last


def with_defaults(cls):
    """Return the code that makes an instance of a class and shows its parameters."""
    parameters = inspect.signature(cls).parameters.values()
    return f"{cls.__name__}({', '.join(f'{p.name}={p.default!r}' for p in parameters)})"


def use(cls, is_base=False):
    """Return where an instance of a class goes: parameter, key, import and a line of code."""
    module, name = exported(cls).rsplit(".", 1)
    imported = f"from {module} import {name}"
    parameter, key = place(cls)
    takers = [estimator for estimator in ESTIMATORS if suits(estimator, parameter, cls)]
    keyed = [estimator for estimator in ESTIMATORS if has_key(estimator, parameter, key)]
    if is_base:
        text = f"The base class to derive your own from: ``{imported}``."
        if takers:
            text += f" The parameter ``{parameter}`` of {links(parameter, takers)} takes instances."
        return text + "\n\n"
    if not (takers or keyed):
        made = MADE_FROM.get(cls)
        text = f"``MLPClassifier({made})``, for example, has such layers. " if made else ""
        return text + f"Import: ``{imported}``.\n\n"
    users = takers if len(takers) > len(keyed) else keyed
    text = f"A value of the parameter ``{parameter}`` of {links(parameter, users)}."
    if not takers:
        text = f'What ``{parameter}="{key}"`` of {links(parameter, users)} makes.'
    names = set(cls._get_param_names())
    if keyed and takers:
        text += f' Its key is ``"{key}"``'
        if len(keyed) < len(users):
            text += f", which only {links(parameter, keyed)} takes"
        text += "; an instance has its own hyperparameters." if names else "."
        shared = sorted((names - set(cls.not_shared)) & set(keyed[0]._get_param_names()))
        if shared and parameter in ("solver", "learning_rate"):
            several = "parameters" if len(shared) > 1 else "parameter"
            text += f" The key uses the estimator's {several} of the same name: "
            text += ", ".join(f"``{name}``" for name in shared) + "."
    if cls in LAYER_PARAMETERS:
        text += f" {LAYER_PARAMETERS[cls][1]}"
    if not takers:
        text += f" Import: ``{imported}``."
    example = code(cls, parameter, key if keyed else None, (keyed or users)[0], bool(takers))
    return f"{text}\n\n{example}"


def code(cls, parameter, key, estimator, takes_instance):
    """Return a block of code that passes a unit to an estimator, by its key or as an instance."""
    by_key = f'{parameter}="{key}"'
    lines = [f"from skmlp import {estimator.__name__}"]
    argument = by_key
    if takes_instance:
        module, name = exported(cls).rsplit(".", 1)
        lines.append(f"from {module} import {name}")
        argument = f"{parameter}={with_defaults(cls)}"
    arguments = [*([BESIDE[cls]] if cls in BESIDE else []), argument]
    made = f"model = {estimator.__name__}({', '.join(arguments)})"
    # a line of a phone has about fifty characters
    whole = [made]
    if len(made) > 50:
        inner = [f"    {each}," for each in arguments]
        whole = [made.partition("(")[0] + "(", *inner, ")"]
    lines += ["", *whole]
    if takes_instance and key:
        lines.append(f"# or {by_key}")
    return ".. code-block:: python\n\n" + textwrap.indent("\n".join(lines), "   ") + "\n\n"


def unit_page(cls, family, members=False):
    """Return the page of one class: where it goes and its docstring, without the methods that only
    the core calls, unless it is the class that all of a family derive from.
    """
    module, name = exported(cls).rsplit(".", 1)
    options = "   :members:\n" if members else ""
    related = f".. autoclass:: {RELATED[cls]}\n\n" if cls in RELATED else ""
    return (
        heading(name)
        + use(cls, members)
        + NOTES.get(family, "")
        + f".. currentmodule:: {module}\n\n.. autoclass:: {name}\n{options}\n"
        + related
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
    index += "Activations and losses written as Python functions: :doc:`custom`.\n\n"
    index += ".. toctree::\n   :hidden:\n\n   custom\n\n"
    index += heading("Building blocks", "-")
    index += "Classes of ``skmlp.nn``, with the parameters of the estimators that take them.\n\n"
    for page, (_, parameter, *_) in FAMILIES.items():
        makers = f"`{parameter}`" if parameter else "made by several parameters"
        index += f"* :doc:`{page}`: {makers}\n"
    index += "\n.. toctree::\n   :hidden:\n\n"
    written, taken, listed = {}, set(), set()
    for page, family in FAMILIES.items():
        *_, registry, base = family
        written[page] = family_page(page, modules(page, registry, taken), listed)
        units = dict.fromkeys(registry.values())
        written.update(
            {
                f"generated/{exported(cls)}": unit_page(cls, page, members=cls not in units)
                for cls in [*units, base]
            }
        )
        index += f"   {page}\n"
    written["custom"] = heading("Functions of your own") + CUSTOM
    modules_here = ["augment", "callbacks", "onnx", "plot"]
    targets = "".join(f"\n.. py:module:: skmlp.{name}\n" for name in modules_here)
    written["index"] = index + targets
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
