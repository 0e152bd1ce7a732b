"""Reads a Markdown page as a notebook: each block of Python is a cell, which the build runs.

The pages stay plain Markdown, which GitHub shows in colour and the tests run block by block.
Words after ``python`` are tags of the cell, such as ``hide-output`` or ``remove-cell``.
"""

import re

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

BLOCK = re.compile(r"^```python ?(?P<tags>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def read(text):
    """Return the notebook of a page."""
    cells, end = [], 0
    for number, block in enumerate(BLOCK.finditer(text)):
        cells.append(new_markdown_cell(text[end : block.start()], id=f"text-{number}"))
        tags = {"tags": block["tags"].split()}
        code = block["code"].rstrip()
        cells.append(new_code_cell(code, metadata=tags, id=f"code-{number}"))
        end = block.end()
    cells.append(new_markdown_cell(text[end:], id="text-end"))
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
