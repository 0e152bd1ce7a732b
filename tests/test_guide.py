"""The code on the pages of the guide runs, block after block, without a warning."""

import pathlib
import re

import pytest

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGES = sorted((DOCS / "guide").glob("*.md")) + [DOCS / "index.md"]
BLOCKS = {
    path: re.findall(
        r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for path in PAGES
}


def run_block(page, pattern, **names):
    """Run the first block of a page in which a pattern is found, and return its names and these."""
    blocks = next(blocks for path, blocks in BLOCKS.items() if path.stem == page)
    names["__name__"] = "guide"
    exec(next(block for block in blocks if re.search(pattern, block)), names)
    return names


def test_there_is_code():
    assert sum(map(len, BLOCKS.values())) >= 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [path for path in PAGES if BLOCKS[path]], ids=lambda path: path.stem
)
def test_code_runs(path, monkeypatch, tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "show", lambda: None)
    plt.switch_backend("Agg")
    names = {"__name__": "guide"}
    for block in BLOCKS[path]:
        exec(compile(block, str(path), "exec"), names)
    plt.close("all")
