"""Modules of the site's build, which are no part of the package."""

import importlib.util
import pathlib
import sys

EXTENSIONS = pathlib.Path(__file__).parents[1] / "docs" / "_ext"


def extension(name):
    """Return the module of this name, run from its file."""
    if str(EXTENSIONS) not in sys.path:  # they import each other
        sys.path.append(str(EXTENSIONS))
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
