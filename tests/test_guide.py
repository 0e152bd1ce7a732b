"""The code in the README and on the pages of the site runs, section after section, each alone."""

import ast
import pathlib
import re
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
WRITTEN = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [path for path in WRITTEN if not {"_build", "api", "gallery"} & set(path.parts)]
BLOCK = re.compile(r"^```python[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = re.compile(r"^```({code-block} )?python[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(rf"{BLOCK.pattern}\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+\.\d s\b|(\d+\.\d*)")  # a time is no result
SECTION = re.compile(r"^## ", re.MULTILINE)


def sections():
    """Yield the page, the number of the section, and the code of each section that has some."""
    for path in PAGES:
        for number, text in enumerate(SECTION.split(path.read_text(encoding="utf-8"))):
            if blocks := BLOCK.findall(text):
                yield pytest.param(
                    path, blocks, id=f"{path.relative_to(ROOT).with_suffix('')}-{number}"
                )


def run_block(page, pattern, **names):
    """Run the first block of a page in which a pattern is found, one that the build only shows
    too, and return its names and these.
    """
    text = next(path for path in PAGES if path.stem == page).read_text(encoding="utf-8")
    names["__name__"] = "guide"
    exec(next(block for _, block in RUNNABLE.findall(text) if re.search(pattern, block)), names)
    return names


def test_there_is_code():
    assert len(list(sections())) >= 30


def imported(blocks):
    """Return the modules that blocks of code import, by the first part of their names."""
    nodes = [node for block in blocks for node in ast.walk(ast.parse(block))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names


def installed(project, extra):
    """Return what the installation with an extra installs by name."""
    required = [*project["dependencies"], *project["optional-dependencies"][extra]]
    names = {re.match(r"[\w-]+", one)[0] for one in required}
    inner = [re.match(r"skmlp\[(.*)\]", one) for one in required]
    for more in ",".join(found[1] for found in inner if found).split(","):
        names |= installed(project, more) if more else set()
    return {name.replace("scikit-learn", "sklearn") for name in names}


def test_the_docs_extra_installs_what_the_pages_import():
    """Where the site is built, nothing else is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    there = installed(project, "docs") | {"joblib", "skmlp"}  # joblib comes with scikit-learn
    needed = {path.stem: imported(BLOCK.findall(path.read_text("utf-8"))) for path in PAGES}
    assert "skops" in needed["getting_started"]
    assert {page: names - there for page, names in needed.items() if names - there} == {}


def test_getting_started_installs_what_it_imports():
    text = (ROOT / "docs" / "getting_started.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.search(r'pip install "\.\[([\w,]+)\]"', text)[1].split(",")
    there = set().union(*(installed(project, extra) for extra in extras), {"skmlp"})
    assert imported(BLOCK.findall(text)) <= there


@pytest.mark.slow
@pytest.mark.parametrize(("path", "blocks"), list(sections()))
def test_section_runs_alone(path, blocks, monkeypatch, tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "show", lambda: None)
    plt.switch_backend("Agg")
    names = {"__name__": "guide"}
    for block in blocks:
        exec(compile(block, str(path), "exec"), names)
    plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize(("code", "shown"), SHOWN.findall(PAGES[0].read_text(encoding="utf-8")))
def test_readme_shows_what_its_code_prints(code, shown, capsys):
    """But for times, spaces, and three per cent of the numbers, for other machines."""
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    printed = capsys.readouterr().out
    words = [NUMBER.sub("#", text).split() for text in (shown, printed)]
    assert words[0] == words[1]
    numbers = [[float(x) for x in NUMBER.findall(text) if x] for text in (shown, printed)]
    assert numbers[0]
    assert numbers[1] == pytest.approx(numbers[0], rel=0.03)
