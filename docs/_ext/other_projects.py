"""Links to classes and functions of other projects, by the addresses that their sites have, so that
the build needs neither the network nor an inventory.

To add a project: its first name, and the address of a page of its reference.
"""

from docutils import nodes

ADDRESSES = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "numpy": "https://numpy.org/doc/stable/reference/generated/{}.html",
    "scipy": "https://docs.scipy.org/doc/scipy/reference/generated/{}.html",
    "pandas": "https://pandas.pydata.org/docs/reference/api/{}.html",
}


def link(app, env, node, contnode):
    """Return a link for a reference that nothing here is the target of."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    project = target.split(".")[0]
    if project not in ADDRESSES or target == project:
        return None
    reference = nodes.reference("", "", internal=False, refuri=ADDRESSES[project].format(target))
    reference.append(contnode)
    return reference


def setup(app):
    """Come after whatever else finds targets."""
    app.connect("missing-reference", link, priority=900)
    return {"parallel_read_safe": True}
