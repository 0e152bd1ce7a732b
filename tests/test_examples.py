"""The examples run to their end, without a warning."""

import ast
import pathlib
import runpy

import pytest

from .site_modules import extension

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))
QUESTIONS = [path for path in EXAMPLES if path.name.startswith("plot_")]


def test_there_are_examples():
    assert EXAMPLES


def test_the_gallery_has_a_place_for_every_example():
    groups = extension("gallery_pages").GROUPS
    listed = {(group, name) for group, names in groups.items() for name in names.split()}
    assert listed == {(path.parent.name, path.stem.removeprefix("plot_")) for path in QUESTIONS}
    assert all((ROOT / "examples" / group / "GALLERY_HEADER.rst").exists() for group in groups)


def test_a_page_of_the_gallery_begins_with_its_first_picture():
    code = ".. GENERATED FROM PYTHON SOURCE LINES 1-2\n\ncode\n\n"
    first, second = (f".. image-sg:: /{name}.png\n   :alt: {name}\n" for name in "ab")
    page = extension("gallery_pages").picture_first(f"Answer\n\n{code}{first}\n\n{second}\n")
    assert page == f"Answer\n\n{first}\n{code}\n\n{second}\n"
    assert extension("gallery_pages").picture_first("no code") == "no code"


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_an_example_asks_in_its_title_and_answers_in_its_first_paragraph(path):
    title, _, _, answer, *_ = ast.get_docstring(ast.parse(path.read_text("utf-8"))).split("\n")
    assert "?" in title
    assert answer.startswith("**Answer.** ")


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path, monkeypatch, capsys):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    plt.close("all")
    printed = capsys.readouterr()
    assert printed.out.strip()
    assert printed.err == ""
