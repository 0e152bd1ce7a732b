"""Who may import whom, checked on the syntax trees, so that no import is missed because it did not
run.

A room is a folder, or a file that lies beside the folders. The drawing in ``docs/design.md`` is
that of the listing.
"""

import ast
import pathlib
import re
import sys

import pytest

import skmlp

PACKAGE = pathlib.Path(skmlp.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
CORE = sorted((PACKAGE / "nn").rglob("*.py"))
TESTS = sorted(pathlib.Path(__file__).parent.rglob("*.py"))
DESIGN = pathlib.Path(__file__).parents[1] / "docs" / "design.md"

# of the core: files that every family may use
FLOOR = {"constants", "unit", "layout", "saved", "initializers", "products", "helpers"}
# What a room of the core may take from other rooms than the floor. Of a family it takes what its
# ``base`` defines, or one of the files named here, which define no unit.
FAMILIES = {
    "constants": set(),
    "unit": {"saved"},
    "products": {"helpers"},
    "initializers": {"unit"},
    "activations": set(),
    "losses": set(),
    "schedules": set(),
    "optimizers": set(),
    "layers": {"activations"},
    "terms": {"layers", "layers.first_half"},
    "autodiff": {"layers", "losses", "losses.measure"},
    "engine": {"layers", "losses", "optimizers", "schedules", "terms"}
    | {"optimizers.clipping", "optimizers.l2"},
}
# What a room of the face may take from other rooms of the face, beside ``_sklearn`` and ``_warn``.
FACE = {
    "_config": {"_fit"},
    "_sklearn": set(),
    "_warn": set(),
    "augment": set(),
    "_params": {"augment"},
    "_data": {"_params"},
    "_fit": {"_params", "_data"},
    "_inspect": {"_data", "_fit"},
    "_saved": {"_params", "_data"},
    "_base": {"_params", "_data", "_fit", "_inspect", "_saved"},
}
THIRD_PARTY = {"numpy", "scipy", "sklearn", "pandas"}


def name_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def imports(path):
    """Yield (module, name) of every import in a file, relative ones spelled out; name is None for
    ``import module``.
    """
    package = name_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(start + ([node.module] if node.module else []))
            yield from ((module, alias.name) for alias in node.names)


def modules_of(path):
    """Return the modules of this package that a file imports, as paths below it: "nn.layers.base".

    A name that is taken from a package stands behind it: "nn.layers.Dense".
    """
    found = set()
    for module, name in imports(path):
        if module.split(".")[0] == "skmlp":
            is_file = (
                name and not PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py").exists()
            )
            found.add(f"{module}.{name}".removeprefix("skmlp.") if is_file else module[6:])
    return found


def identify(path):
    return str(path.relative_to(PACKAGE.parent))


def rooms(place):
    """Return the files of each folder and file of a place, by name."""
    found = {}
    for path in sorted(place.rglob("*.py")):
        first = path.relative_to(place).parts[0]
        found.setdefault(first.removesuffix(".py"), []).append(path)
    return {name: paths for name, paths in found.items() if name != "__init__"}


NN, TOP = rooms(PACKAGE / "nn"), rooms(PACKAGE)


def test_there_is_something_to_check():
    assert {"network", "dense", "base", "trainer", "adam"} <= {path.stem for path in CORE}
    assert len(FILES) > len(CORE) > 10
    assert set(FAMILIES) <= set(NN), "a rule for a room that is gone"
    assert set(FACE) <= set(TOP), "a rule for a room that is gone"


def test_imports_are_seen():
    """The reader of imports reads relative ones, and those inside functions."""
    assert ("skmlp.nn.layout", "Layout") in set(imports(PACKAGE / "nn/engine/structure.py"))
    assert modules_of(PACKAGE / "nn/activations/base.py") == {"nn.unit"}
    assert "nn.layers.Dense" in modules_of(PACKAGE / "_params/build.py")
    assert "nn.compiled.program" in modules_of(PACKAGE / "_fit/backend.py")


def test_the_core_knows_nothing_of_the_face():
    for path in CORE:
        assert all(module.startswith("nn.") for module in modules_of(path)), identify(path)


def test_the_core_needs_numpy_scipy_and_one_class_of_scikit_learn():
    allowed = set(sys.stdlib_module_names) | {"numpy", "scipy", "sklearn", "skmlp"}
    for path in CORE:
        numba = {"numba", "llvmlite"} if path.parent.name == "compiled" else set()
        assert {module.split(".")[0] for module, _ in imports(path)} <= allowed | numba
        taken = {pair for pair in imports(path) if pair[0].split(".")[0] == "sklearn"}
        assert taken <= {("sklearn.base", "BaseEstimator")}, identify(path)


@pytest.mark.parametrize("room", sorted(set(NN) - {"compiled"}))
def test_a_room_of_the_core_knows_its_neighbours_only(room):
    """``compiled`` reads whatever it stands in for."""
    allowed = FAMILIES.get(room, set())
    for path in NN[room]:
        for module in modules_of(path):
            _, other, *rest = module.split(".")
            if other == room or (other in FLOOR and room not in FLOOR) or other in allowed:
                assert (
                    other == room
                    or other not in FAMILIES
                    or other in FLOOR
                    or (rest == ["base"] or f"{other}.{rest[0]}" in allowed)
                ), f"{identify(path)} takes {module}"
                continue
            raise AssertionError(f"{identify(path)} takes {module}")


@pytest.mark.parametrize("room", sorted(FACE))
def test_a_room_of_the_face_knows_its_neighbours_only(room):
    everywhere = {"_sklearn", "_warn", "nn"} if room not in ("_sklearn", "_warn") else {"nn"}
    for path in TOP[room]:
        taken = {module.split(".")[0] for module in modules_of(path)} - {room}
        assert taken <= FACE[room] | everywhere, identify(path)


@pytest.mark.parametrize("place", [NN, TOP], ids=["nn", "skmlp"])
def test_the_rooms_have_no_circles(place):
    prefix = "nn." if place is NN else ""
    graph = {
        room: {
            module.removeprefix(prefix).split(".")[0]
            for path in paths
            for module in modules_of(path)
            if module.startswith(prefix)
        }
        - {room}
        for room, paths in place.items()
    }
    while graph:
        free = {room for room, needs in graph.items() if not needs & set(graph)}
        assert free, f"circle among {sorted(graph)}"
        graph = {room: needs for room, needs in graph.items() if room not in free}


def test_of_schedules_the_engine_knows_the_clock_only():
    for path in NN["engine"]:
        taken = {name for module, name in imports(path) if "schedules" in module}
        assert taken <= {"Clock"}, identify(path)


def test_the_core_has_few_rooms():
    assert len(NN) <= 16


def test_the_drawing_is_the_listing():
    drawing = DESIGN.read_text().split("```")[1].split("nn/", 1)
    for text, listing in zip(drawing, (set(TOP) - {"nn"}, set(NN)), strict=True):
        left = " ".join(line[:46] for line in text.splitlines()[1:])
        drawn = {word.strip("/") for word in re.findall(r"[a-z_]+/?", left)} - {"over", "skmlp"}
        assert drawn == listing


def test_private_names_of_other_packages_are_in_one_file():
    for path in FILES:
        private = [
            (module, name)
            for module, name in imports(path)
            if module.split(".")[0] in THIRD_PARTY
            and any(part.startswith("_") for part in [*module.split("."), name or ""])
        ]
        assert private == [] or path == PACKAGE / "_sklearn.py", identify(path)


def test_private_attributes_of_other_packages_are_not_used():
    """Neither as ``np._core`` after an innocent ``import numpy as np``."""
    for path in FILES:
        tree = ast.parse(path.read_text())
        names = {
            alias.asname or alias.name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.name.split(".")[0] in THIRD_PARTY
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                assert not (isinstance(node.value, ast.Name) and node.value.id in names), (
                    f"{identify(path)}, line {node.lineno}"
                )


def test_no_file_is_too_long():
    long = {str(p): n for p in [*FILES, *TESTS] if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_every_module_says_what_lives_in_it():
    for path in FILES:
        assert ast.get_docstring(ast.parse(path.read_text())), identify(path)


def test_no_rule_takes_a_numpy_root():
    """Scalars that enter a rule are Python floats."""
    for path in [p for room in ("activations", "layers", "terms", "optimizers") for p in NN[room]]:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "sqrt"
            ):
                in_place = any(keyword.arg == "out" for keyword in node.keywords)
                of_array = not isinstance(node.func.value, ast.Name) or in_place
                of_array = of_array or node.func.value.id == "math"
                assert of_array or path.stem == "batch_norm", f"{identify(path)}: {node.lineno}"
