"""Gives pages of the course their notebooks, and hides the solutions of their exercises.

The decision: the page is the source, the notebook is made from it when the site is built. So code
cannot differ between them, and the tests that run the page run the notebook. Two are written for
each page: one with everything, and one without the sections called "Solution", to hand out.
"""

import posixpath
import re
from fnmatch import fnmatch
from pathlib import Path

import nbformat
import python_blocks
from docutils import nodes
from nbformat.v4 import new_markdown_cell
from sphinx.transforms import SphinxTransform
from sphinx_design.shared import create_component

FOLDER = "_notebooks"
FIRST = (
    "This notebook is made from the page *{title}* of the course in skmlp's documentation. It "
    "needs `skmlp`, `matplotlib` and nothing from the network: all data are made here or come "
    "with scikit-learn. Each section runs alone."
)
SOLUTION = re.compile(r"^### Solution\n.*?(?=^##? |\Z)", re.MULTILINE | re.DOTALL)
REPLACED = [  # what MyST knows and a notebook does not
    (re.compile(r"^:::\{admonition\} *(.*)\n", re.MULTILINE), r"**\1.** "),
    (re.compile(r"^:::$\n?", re.MULTILINE), ""),
    (re.compile(r"\{[a-z:]+\}`~?(?:[^`<]*<)?([^`>]+)>?`"), r"`\1`"),
    (re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?://)[^)]*\)"), r"\1"),
]


def plain(text):
    """Return Markdown that a notebook shows: no directives, no roles, no links into the site."""
    for pattern, replacement in REPLACED:
        text = pattern.sub(replacement, text)
    return text.strip()


def notebook(text, solutions=True):
    """Return the notebook of a page, with or without the solutions of its exercises."""
    if not solutions:
        text = SOLUTION.sub("### Your solution\n\n```python\n# ...\n```\n\n", text)
    title = re.search(r"^# (.*)$", text, re.MULTILINE)
    written = python_blocks.read(text)
    for cell in written.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source)
    first = FIRST.format(title=title[1] if title else "")
    cells = [new_markdown_cell(first, id="about"), *written.cells]
    written.cells = [cell for cell in cells if cell.source]
    return written


def names(page):
    """Return where the two notebooks of a page are, below ``FOLDER``, by what they are."""
    return {"with the solutions": f"{page}.ipynb", "without them": f"{page}_exercises.ipynb"}


def chosen(config, page):
    """Return whether a page has notebooks."""
    return any(fnmatch(page, pattern) for pattern in config.notebook_pages)


class Solutions(SphinxTransform):
    """Puts sections called "Solution" into dropdowns, out of the table of contents, and links to
    the page's notebooks below its title.
    """

    default_priority = 870  # before the table of contents is read

    def apply(self):
        page = self.env.docname
        if not chosen(self.config, page):
            return
        for section in list(self.document.findall(nodes.section)):
            if section[0].astext() == "Solution":
                self.fold(section)
        if titles := list(self.document.findall(nodes.title)):
            titles[0].parent.insert(1, self.links(page))

    def fold(self, section):
        """Replace a section by a dropdown."""
        box = create_component(
            "dropdown",
            opened=False,
            type="dropdown",
            has_title=True,
            icon=None,
            chevron=None,
            container_classes=["sd-mb-3"],
            title_classes=[],
            body_classes=[],
        )
        box += nodes.rubric("", "Solution")
        box += section.children[1:]
        section.replace_self(box)

    def links(self, page):
        """Return a paragraph with the links to the notebooks of a page."""
        line = nodes.paragraph("", "Notebook to download: ", classes=["notebook-links"])
        above = "../" * page.count("/")
        for number, (kind, name) in enumerate(names(page).items()):
            line += nodes.Text(", " if number else "")
            target = posixpath.join(above, FOLDER, name)
            line += nodes.reference("", kind, refuri=target, internal=False)
        line += nodes.Text(".")
        return line


def write(app, exception):
    """Write the notebooks of the pages into the output of the site."""
    if exception or app.builder.format != "html":
        return
    for page in sorted(app.env.found_docs):
        if not chosen(app.config, page):
            continue
        text = Path(app.env.doc2path(page)).read_text(encoding="utf-8")
        for name, solutions in zip(names(page).values(), (True, False), strict=True):
            path = Path(app.outdir, FOLDER, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook(text, solutions), path)


def setup(app):
    """Which pages: patterns of their names."""
    app.add_config_value("notebook_pages", ["course/[0-9]*"], "env", types=[list])
    app.add_transform(Solutions)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
