"""What the site says is there: tests, examples and pages that it names, and a page for every
unit of the registries.
"""

import pathlib
import re
import textwrap

import pytest

import skmlp
from skmlp import nn

from .site_modules import extension

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [
    path
    for place in ("", "guide", "course")
    for path in sorted((ROOT / "docs" / place).glob("*.md"))
]


def links(path):
    """Return the local targets of the links on a page."""
    found = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    return [link for link in found if "://" not in link]


def test_there_are_pages_with_links():
    assert sum(len(links(path)) for path in PAGES) > 50


@pytest.mark.parametrize("path", [ROOT / "README.md", *PAGES], ids=lambda path: path.stem)
def test_files_that_a_page_names_are_there(path):
    """By the end of their path, as in ``losses/base.py`` or ``engine/``."""
    text = path.read_text(encoding="utf-8")
    places = [ROOT / name for name in ("skmlp", "tests", "docs", "examples", "benchmarks", "tools")]
    there = {path for place in places for path in (place, *place.rglob("*"))}
    known = "".join(f"/{path.relative_to(ROOT).as_posix()}\n" for path in [*there, *ROOT.glob("*")])
    for name in re.findall(r"`([\w/]*\w(?:/|\.(?:py|npz|txt|toml)))`", text):
        assert f"/{name.rstrip('/')}\n" in known, name


def test_tables_that_contributing_names_are_there():
    """Upper-case names, of registries and of what the tests run over."""
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    sources = [path for place in ("skmlp", "tests") for path in (ROOT / place).rglob("*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    names = set(re.findall(r"`([A-Z][A-Z_]+)`", text))
    assert len(names) > 10
    for name in names:
        assert re.search(rf"^{name} = ", code, re.MULTILINE), name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    for link in links(path):
        target = (path.parent / link).resolve()
        if target.is_relative_to(ROOT / "docs" / "gallery"):  # made from the examples
            source = ROOT / "examples" / target.relative_to(ROOT / "docs" / "gallery")
            name = "GALLERY_HEADER.rst" if source.stem == "index" else f"{source.stem}.py"
            target = source.with_name(name)
        elif target.parent.name == "api":  # made from the registries
            assert target.stem in extension("registry_pages").pages(), link
            continue
        elif target.parent.name == "generated":
            assert target.stem.removeprefix("skmlp.") in skmlp.__all__, link
            continue
        assert target.exists(), link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_sum_becomes_a_list(path):
    """Markdown takes a line that begins with + for an item."""
    text = path.read_text(encoding="utf-8")
    prose = re.sub(r"^ *```.*?^ *```$|\$\$.*?\$\$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"^ *\+ ", prose, re.MULTILINE)


def test_the_table_of_the_lectures_is_whole_and_names_tests_that_are_there():
    text = (ROOT / "docs" / "lectures.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \|", text, re.MULTILINE)
    assert [int(row) for row in rows] == list(range(1, 31))
    named = re.findall(r"`((?:nn/)?test_\w+\.py)(?:::(\w+))?`\]", text)
    assert len(named) > 20
    for file, function in named:
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"def {function}(" in source if function else "def test_" in source, function


@pytest.mark.parametrize("cls", [skmlp.MLPClassifier, skmlp.MLPRegressor, skmlp.Autoencoder])
def test_a_parameter_lists_its_keys_once(cls):
    text = " ".join(cls.__doc__.split())
    for registry in (nn.OPTIMIZERS, nn.SCHEDULES, nn.INITIALIZERS):
        assert text.count(", ".join(f"'{key}'" for key in registry)) == 1


def test_every_row_of_the_lectures_has_a_parameter_a_test_and_an_example():
    rows = re.findall(
        r"^\| (\d+) \|(.*)\|$",
        (ROOT / "docs" / "lectures.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    for number, row in rows:
        parameter, tests, example = row.split(" | ")[2:]
        assert "](api/" in parameter, number
        assert "](../tests/" in tests, number
        assert any(place in example for place in ("](gallery/", "](guide/")), number


def test_every_unit_and_public_name_has_a_place_in_the_reference():
    pages = extension("registry_pages").pages()
    for name in skmlp.__all__:
        assert f"skmlp.{name}\n" in pages["index"]
    registries = {
        name: value
        for name, value in vars(nn).items()
        if isinstance(value, dict) and name.isupper()
    }
    assert len(registries) >= 7
    for name, registry in registries.items():
        for key, cls in registry.items():
            if cls.__name__ not in nn.__all__:  # made by the engine alone
                continue
            entry = "" if name in ("LAYERS", "TERMS") else f"``{key}``"  # these keys are internal
            assert any(entry in page and f".{cls.__name__}`" in page for page in pages.values()), (
                key
            )
            assert any(name.endswith(f".{cls.__name__}") for name in pages), key


def test_every_unit_that_a_parameter_takes_says_so_with_code_that_runs():
    pages = extension("registry_pages").pages()
    blocks = {
        name: textwrap.dedent(found[1])
        for name, page in pages.items()
        if (found := re.search(r"code-block:: python\n\n((?:   .*\n|\n)+)", page))
    }
    assert len(blocks) > 60
    for name, block in blocks.items():
        space = {}
        exec(block, space)
        space["model"]._validate_params()
        text = pages[name]
        assert "A value of the parameter" in text or "What ``skip_connections=" in text, name


@pytest.mark.parametrize("name", [name for name in skmlp.__all__ if name[0].isupper()])
def test_estimators_link_to_their_page_of_the_reference(name):
    cls = getattr(skmlp, name)
    if not hasattr(cls, "_get_doc_link"):  # a display
        return
    link = cls()._get_doc_link()
    assert link.endswith(f"/api/generated/skmlp.{name}.html")
    assert link in cls()._repr_html_()


class OfMine(skmlp.MLPClassifier):
    """Somebody's own estimator, which has no page."""


def test_estimators_of_others_have_no_link():
    assert OfMine()._get_doc_link() == ""
