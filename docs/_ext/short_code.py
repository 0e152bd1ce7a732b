"""Marks short pieces of code within a sentence, which the style sheet keeps on one line."""

from docutils import nodes

MOST = 24  # characters: they fit on a line of a phone


def mark(app, doctree, docname):
    """Give short code the class ``short``. Overwrites: doctree."""
    for literal in doctree.findall(nodes.literal):
        if len(literal.astext()) <= MOST:
            literal["classes"].append("short")


def setup(app):
    """Mark the code of a page when it is written."""
    app.connect("doctree-resolved", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
