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


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path):
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", "MPLCONFIGDIR": str(tmp_path)}
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(display, None)  # where there is a screen, plt.show() warns that Agg has none
    run = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert run.stdout.strip()
