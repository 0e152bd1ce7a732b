"""Who may import whom, checked on the syntax trees, so that no import is missed because it did not run."""

import ast
import pathlib

import pytest

import skmlp

PACKAGE = pathlib.Path(skmlp.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
CORE = sorted((PACKAGE / "nn").glob("*.py"))
MODULES = [path for path in CORE if path.stem != "__init__"]

# What a module of the core may take from its neighbours. Whoever is not listed is a leaf: it may take ``unit``.
# Whole layers are handed to the network as objects, so it knows none.
NEIGHBOURS = {
    "saved": set(),
    "unit": {"saved"},
    "layout": set(),
    "layer": {"unit"},
    "activations": {"activation", "smooth"},
    "smooth": {"activation"},
    "activation_layers": {"initializers", "layout", "layer"},
    "adam": {"optimizer"},
    "optimizers": {"optimizer", "adam"},
    "links": set(),
    "loss": {"unit"},
    "measure": {"loss", "saved"},
    "class_losses": {"layout", "links", "loss"},
    "focal_losses": {"layout", "links", "loss"},
    "likelihoods": {"layout", "links", "loss", "measure"},
    "margin_losses": {"layout", "links", "loss"},
    "regression_losses": {"layout", "links", "loss", "measure"},
    "column_losses": {"layout", "loss", "saved"},
    "known": {"column_losses", "layout", "loss"},
    "derivatives": set(),
    "autodiff": {"derivatives"},
    "custom": {"autodiff", "layer", "layout", "links", "loss", "measure"},
    "losses": {"class_losses", "focal_losses", "likelihoods", "loss", "margin_losses", "regression_losses"},
    "batch_norm": {"unit", "layout", "layer"},
    "words": set(),
    "corruption": {"layer", "layout", "words"},
    "dropout": {"layout", "layer", "words"},
    "embedding": {"unit", "initializers", "layout", "layer", "saved"},
    "layers": {"activation", "layout", "layer", "batch_norm", "dropout", "activation_layers", "corruption", "embedding", "variational"},
    "joins": {"layer"},
    "tied": {"layer", "layout"},
    "term": {"layer"},
    "heads": {"layout", "term"},
    "terms": {"code_penalties", "heads", "variational"},
    "variational": {"layer", "layout", "term"},
    "code_penalties": {"layer", "layout", "term", "variational"},
    "excerpt": {"batch_norm"},
    "plan": {"excerpt", "layout"},
    "inference": set(),
    "predicting": {"batch_norm", "excerpt", "variational"},
    "input_gradient": {"predicting"},
    "dropout_samples": {"dropout", "predicting"},
    "network": {"unit", "layer", "layout", "initializers", "loss", "penalty", "plan", "inference", "saved"},
    "penalty": set(),
    "kernels": set(),
    "compiled": {"kernels", "activations", "batch_norm", "class_losses", "dropout", "embedding", "layers", "optimizers", "tied", "words"},
    "proximal": set(),
    "updater": {"penalty", "proximal"},
    "schedule": {"unit", "saved"},
    "plateau": {"schedule"},
    "schedules": {"schedule", "plateau"},
    "state": {"schedule", "saved"},
    "callbacks": {"state"},
    "diagnostics": {"callbacks", "clipping"},
    "trainer": {"clipping", "state"},
    "lbfgs": {"clipping"},
}
KERNELS = {
    "activations",
    "smooth",
    "activation_layers",
    "layers",
    "joins",
    "tied",
    "term",
    "heads",
    "code_penalties",
    "variational",
    "embedding",
    "dropout",
    "corruption",
    "batch_norm",
    "optimizer",
    "optimizers",
    "adam",
    "clipping",
}
THIRD_PARTY = {"numpy", "scipy", "sklearn", "pandas"}


def name_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def imports(path):
    """Yield (module, name) of every import in a file, relative ones spelled out; name is None for ``import module``."""
    package = name_of(path).split(".") if path.stem == "__init__" else name_of(path).split(".")[:-1]
    package = package[:-1] if path.stem == "__init__" else package
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(start + ([node.module] if node.module else []))
            yield from ((module, alias.name) for alias in node.names)


def core_imports(path):
    """Return the names of the core's modules that a file imports."""
    found = set()
    for module, name in imports(path):
        if module == "skmlp.nn":
            found.add(name)
        elif module.startswith("skmlp.nn."):
            found.add(module.split(".")[2])
    return found


def identify(path):
    return str(path.relative_to(PACKAGE.parent))


each_file = pytest.mark.parametrize("path", FILES, ids=identify)
each_core_file = pytest.mark.parametrize("path", CORE, ids=identify)


def test_there_is_something_to_check():
    assert {"network", "layers", "losses", "trainer", "optimizers"} <= {path.stem for path in MODULES}
    assert len(FILES) > len(CORE) > 10
    assert set(NEIGHBOURS) <= {path.stem for path in MODULES}, "a rule for a module that is gone"


def test_imports_are_seen():
    """The reader of imports reads relative ones, and those inside functions."""
    assert ("skmlp.nn.layout", "Layout") in set(imports(PACKAGE / "nn" / "network.py"))
    assert core_imports(PACKAGE / "nn" / "loss.py") == {"unit"}
    assert "activations" in core_imports(PACKAGE / "nn" / "__init__.py")


@each_core_file
def test_the_core_knows_nothing_of_the_face(path):
    assert [module for module, _ in imports(path) if module.split(".")[0] == "skmlp" and not module.startswith("skmlp.nn")] == []


@each_core_file
def test_the_core_takes_one_class_from_scikit_learn(path):
    taken = {(module, name) for module, name in imports(path) if module.split(".")[0] == "sklearn"}
    assert taken <= {("sklearn.base", "BaseEstimator")}


@each_core_file
def test_the_core_needs_numpy_and_scipy_only(path):
    import sys

    allowed = set(sys.stdlib_module_names) | {"numpy", "scipy", "sklearn", "skmlp"} | ({"numba"} if path.stem == "kernels" else set())
    assert {module.split(".")[0] for module, _ in imports(path)} <= allowed


@pytest.mark.parametrize("path", MODULES, ids=identify)
def test_modules_of_the_core_know_their_neighbours_only(path):
    assert core_imports(path) <= NEIGHBOURS.get(path.stem, {"unit"})


def test_of_schedules_only_the_clock_is_known():
    for stem in ("trainer", "state"):
        taken = {name for module, name in imports(PACKAGE / "nn" / f"{stem}.py") if module.startswith("skmlp.nn.schedule")}
        assert taken <= {"Clock"}


def test_the_import_graph_has_no_circles():
    graph = {path.stem: core_imports(path) for path in MODULES}
    while graph:
        free = {stem for stem, needs in graph.items() if not needs & set(graph)}
        assert free, f"circle among {sorted(graph)}"
        graph = {stem: needs for stem, needs in graph.items() if stem not in free}


@each_file
def test_private_names_of_other_packages_are_in_one_file(path):
    private = [
        (module, name)
        for module, name in imports(path)
        if module.split(".")[0] in THIRD_PARTY and any(part.startswith("_") for part in [*module.split("."), name or ""])
    ]
    assert private == [] or path.relative_to(PACKAGE).as_posix() == "_sklearn.py"


@each_file
def test_private_attributes_of_other_packages_are_not_used(path):
    """Neither as ``np._core`` after an innocent ``import numpy as np``."""
    tree = ast.parse(path.read_text())
    names = {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.split(".")[0] in THIRD_PARTY
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and isinstance(node.value, ast.Name):
            assert node.value.id not in names, f"line {node.lineno}"


@each_file
def test_no_file_is_too_long(path):
    assert len(path.read_text().splitlines()) <= 400


@each_file
def test_every_module_says_what_lives_in_it(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", MODULES, ids=identify)
def test_no_kernel_names_an_axis_from_the_left_or_takes_a_numpy_root(path):
    """Samples are axis -2, features axis -1; scalars that enter the kernels are Python floats."""
    if path.stem in KERNELS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "axis":
                assert not isinstance(node.value, ast.Constant) or node.value.value is None, f"line {node.value.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sqrt":
                in_place = any(keyword.arg == "out" for keyword in node.keywords)
                of_array = not isinstance(node.func.value, ast.Name) or node.func.value.id == "math" or in_place
                assert of_array or path.stem == "batch_norm", f"line {node.lineno}"
