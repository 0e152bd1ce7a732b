"""The course: every topic of the lectures has a place in it, every section an exercise and a
solution, and the notebooks hold the code of the pages.
"""

import importlib
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
COURSE = ROOT / "docs" / "course"
UNITS = sorted(COURSE.glob("[0-9]*.md"))
BLOCK = re.compile(r"^```python[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
each_unit = pytest.mark.parametrize("page", UNITS, ids=lambda path: path.stem)


def sections(page):
    """Return the text of each section of a page by its anchor."""
    title, *rest = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert title.startswith("# ")
    heads = [text.split("\n", 1)[0].lower() for text in rest]
    return {
        re.sub(r"[^\w-]", "", head.replace(" ", "-")): text
        for head, text in zip(heads, rest, strict=True)
    }


@pytest.fixture
def notebooks(monkeypatch):
    """Return the module that makes notebooks of pages."""
    for name in ("nbformat", "sphinx_design", "sphinx"):
        pytest.importorskip(name)
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    return importlib.import_module("notebooks")


def test_every_topic_of_the_lectures_has_a_section_of_the_course():
    text = (ROOT / "docs" / "lectures.md").read_text(encoding="utf-8")
    links = re.findall(r"^\| \d+ \|[^|]*\| \[[^\]]*\]\(course/(\w+)\.md#([\w-]+)\)", text, re.M)
    assert len(links) == 30
    for unit, anchor in links:
        assert anchor in sections(COURSE / f"{unit}.md"), (unit, anchor)


@each_unit
def test_a_section_has_a_formula_code_an_exercise_and_a_solution(page):
    found = sections(page)
    assert len(found) >= 2
    for text in found.values():
        before, solution = text.split("### Solution\n")
        assert ":::{admonition} Exercise\n" in before
        assert "$$" in before
        assert BLOCK.search(before)
        assert BLOCK.search(solution)


def test_the_index_lists_every_unit():
    text = (COURSE / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^(\d\d_\w+)$", text, re.MULTILINE) == [page.stem for page in UNITS]
    assert all(f"]({page.name})" in text for page in UNITS)


@pytest.mark.parametrize("page", [*UNITS, COURSE / "index.md"], ids=lambda path: path.stem)
def test_links_to_units_and_examples_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if link.startswith("../gallery/"):
            source = link.removeprefix("../gallery/").removesuffix(".rst")
            assert (ROOT / "examples" / f"{source}.py").exists(), link
        elif "/" not in link:
            assert (COURSE / link).exists(), link


@each_unit
def test_notebooks_are_valid_and_hold_the_code_of_the_page(page, notebooks):
    import nbformat

    text = page.read_text(encoding="utf-8")
    full, handed_out = notebooks.notebook(text), notebooks.notebook(text, solutions=False)
    for written in (full, handed_out):
        nbformat.validate(written)
        words = "".join(cell.source for cell in written.cells if cell.cell_type == "markdown")
        assert not re.search(r":::|\{py:|\]\(\.\./", words)
    codes = {
        name: [cell.source for cell in written.cells if cell.cell_type == "code"]
        for name, written in (("full", full), ("handed out", handed_out))
    }
    assert codes["full"] == [code.rstrip() for code in BLOCK.findall(text)]
    for section in sections(page).values():
        before, solution = section.split("### Solution\n")
        assert all(code.rstrip() in codes["handed out"] for code in BLOCK.findall(before))
        assert not any(code.rstrip() in codes["handed out"] for code in BLOCK.findall(solution))
    assert codes["handed out"].count("# ...") == len(sections(page))


@each_unit
def test_nothing_comes_from_the_network(page):
    code = "".join(BLOCK.findall(page.read_text(encoding="utf-8")))
    assert not re.search(r"fetch_|urllib|requests|http", code)
