"""The examples run to their end, without a warning, as a reader would run them."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def test_there_are_examples():
    assert EXAMPLES


@pytest.fixture(scope="module")
def fonts(tmp_path_factory):
    """A directory where matplotlib has its list of fonts, for it says so when it takes long to
    make one.
    """
    place = str(tmp_path_factory.mktemp("matplotlib"))
    subprocess.run(
        [sys.executable, "-c", "import matplotlib.font_manager"],
        check=True,
        env={**os.environ, "MPLCONFIGDIR": place},
    )
    return place


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path, fonts):
    environment = {
        **os.environ,
        "MPLBACKEND": "Agg",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "default",
        "MPLCONFIGDIR": fonts,
    }
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(
            display, None
        )  # where there is a screen, plt.show() warns that Agg has none
    run = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert run.stdout.strip()
