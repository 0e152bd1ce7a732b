"""Shows the parameters of an estimator by purpose on its page of the reference, with a list of
contents in front, and a place to link to for each: ``MLPClassifier-dropout``.

Reads what ``skmlp._params.purposes`` wrote into the docstring, after numpydoc has made
reStructuredText of it.
"""

import re

# what everybody knows of a parameter, where the docstring gives its shape only
USUAL = {
    "X": "Rows with the features that ``fit`` saw.",
    "Z": "Codes, one for each row.",
    "y": "The true values.",
    "sample_weight": "Weight of each row.",
}
CONTENTS = re.compile(r"^\* (?P<purpose>[A-Z][a-z ]+): (?P<names>[\w+, ]+)$")
FIELD = re.compile(r"^:(?P<name>[A-Z][a-z]+):")
ITEM = re.compile(r"^    \*\*(?P<name>\w+)\*\*")
PLUS = "\\ :sup:`+`"


def joined(lines):
    """Return the lines, those of a list's item put together."""
    out = []
    for line in lines:
        if line.startswith("  ") and out and out[-1].startswith("* "):
            out[-1] += " " + line.strip()
        else:
            out.append(line)
    return out


def read_contents(lines):
    """Return {purpose: {name: whether it is new}} of the list in a docstring."""
    groups = {}
    for line in lines:
        if found := CONTENTS.match(line):
            names = found["names"].split(", ")
            groups[found["purpose"]] = {name.rstrip("+"): name.endswith("+") for name in names}
    return groups


def label(cls, name):
    """Return the target of a parameter."""
    return f"{cls}-{name}"


def group_label(cls, purpose):
    """Return the target of a group of parameters."""
    return f"{cls}-parameters-{purpose}".replace(" ", "-")


def contents(cls, groups):
    """Return the list with links."""
    for purpose, names in groups.items():
        links = [
            f":ref:`{name} <{label(cls, name)}>`" + (PLUS if new else "")
            for name, new in names.items()
        ]
        yield f"* :ref:`{purpose} <{group_label(cls, purpose)}>`: {', '.join(links)}"


def items(lines):
    """Return {name: lines} of the field of parameters."""
    found, name = {}, None
    for line in lines:
        if item := ITEM.match(line):
            name = item["name"]
        if name is not None:
            found.setdefault(name, []).append(line)
    return found


def grouped(cls, groups, texts):
    """Return the field of parameters, group by group."""
    for purpose, names in groups.items():
        yield f"    .. _{group_label(cls, purpose)}:"
        yield ""
        yield f"    .. rubric:: {purpose}"
        yield "       :class: parameter-group"
        yield ""
        for name, new in names.items():
            yield f"    .. _{label(cls, name)}:"
            yield ""
            first, *rest = texts[name]
            yield first.replace(f"**{name}**", f"**{name}**{PLUS if new else ''}", 1)
            yield from rest


def described(lines):
    """Return the lines with a text for each usual parameter that has none, for which numpydoc
    writes an empty comment.
    """
    out, field = [], None
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if found := FIELD.match(line):
            field = found["name"]
        usual = field == "Parameters" and out and ITEM.match(out[-1])
        if usual and line.strip() == ".." and usual["name"] in USUAL:
            line = f"        {USUAL[usual['name']]}"
        out.append(line)
        item = field == "Parameters" and ITEM.match(line)
        if item and item["name"] in USUAL and not following.startswith("        "):
            out.append(f"        {USUAL[item['name']]}")
    return out


def show(app, what, name, obj, options, lines):
    """Rewrite the docstring of an estimator or a method. Overwrites: lines."""
    if what != "class":
        lines[:] = described(lines)
        return
    cls = name.rsplit(".", 1)[-1]
    text = joined(lines)
    groups = read_contents(text)
    if not groups or ":Parameters:" not in text:
        return
    at = [k for k, line in enumerate(text) if CONTENTS.match(line)]
    start = text.index(":Parameters:")
    end = next(
        k for k in range(start + 1, len(text)) if text[k].startswith((":", ".. ")) and text[k]
    )
    lines[:] = [
        *text[: at[0]],
        *[part for line in contents(cls, groups) for part in (line, "")],
        *text[at[-1] + 1 : start + 1],
        "",
        *grouped(cls, groups, items(text[start + 1 : end])),
        *text[end:],
    ]


def setup(app):
    """Follow numpydoc, whose priority is 500."""
    app.connect("autodoc-process-docstring", show, priority=700)
    return {"parallel_read_safe": True}
