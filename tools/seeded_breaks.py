"""Seeded breaks: puts bugs into copies of the package, one at a time; do the tests see them?

The breaks stand in ``seeded_breaks.toml`` beside this file, by area. Each is found by its text,
in whichever module: ``old`` must occur exactly once in all of ``skmlp/``, spaces and line breaks
aside; with ``after``, which must occur once itself, it is the first occurrence behind that.
``tests`` are parts of the names of the test files likely to see it, the likeliest first.

    python tools/seeded_breaks.py --check              # is each break found exactly once?
    python tools/seeded_breaks.py --out breaks.csv     # try all; begun again it goes on
    python tools/seeded_breaks.py --only huber-value   # try one

For each break the tree is copied, the copy broken, and its likely tests run up to the first
failure; only if there is none, all other tests. These take long, so with ``--together`` they run
once, in a copy with all breaks that the likely ones have not seen, and each of these breaks is then
tried on the tests that failed there; breaks that hide each other would be missed.

The table gets a row for each: "caught", by which test; "survived" all tests; "unseen" by the likely
ones, where no others were run; "error" where the tests could not be run. Of several rows of a break
the last one counts.
"""

import argparse
import csv
import marshal
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_suffix(".toml")
PACKAGE = "skmlp"
COPIED = (PACKAGE, "tests", "docs", "examples", "benchmarks", "tools")
COPIED += ("pyproject.toml", "README.md", "Makefile", "LICENSE")
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".hypothesis", "_build", "api", "gallery")
COLUMNS = ("name", "area", "result", "test", "seconds", "file", "what")
PASSED, NO_TESTS, BY_TESTS = 0, 5, (1, 2)  # what pytest returns; 2: a file cannot be imported


class Break(NamedTuple):
    """A bug to be made: which text becomes what, what that means, and which tests should see it."""

    area: str
    name: str
    old: str
    new: str
    what: str
    tests: list
    after: str = ""


class Copy:
    """A place for one break at a time: a copy of the tree, and what Numba compiles of it."""

    def __init__(self, place):
        self.place = Path(place)
        self.tree = self.place / "tree"
        self.cache = self.place / "kernels"  # Numba's, which tells broken kernels from whole ones

    def make(self, changed):
        """Copy the tree anew, with other texts, by their path, in the place of its own."""
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir()
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, self.tree / name, ignore=NOT_COPIED)
            elif source.exists():
                shutil.copy2(source, self.tree / name)
        for path, text in changed.items():
            (self.tree / path).write_text(text, encoding="utf-8")

    def run(self, arguments, limit):
        """Run Python in the copy; return exit code, None after ``limit`` seconds, and output."""
        own = {"PYTHONPATH": str(self.tree), "NUMBA_CACHE_DIR": str(self.cache)}
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.tree,
            env={**os.environ, **threads, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with process:
            try:
                output, _ = process.communicate(timeout=limit)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)  # with the processes that tests began
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                return None, ""
        return process.returncode, output

    def test(self, arguments, limit, most=1):
        """Run pytest up to ``most`` failures; return (exit code or None, tests that failed)."""
        options = (f"--maxfail={most}", "-q", "--tb=no", "-p", "no:cacheprovider")
        code, output = self.run(["-m", "pytest", *options, *arguments], limit)
        failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", output, re.MULTILINE)
        return code, failed or output.strip().splitlines()[-1:]


def breaks():
    """Return the breaks of the list."""
    areas = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return [Break(area, **entry) for area, entries in areas.items() for entry in entries]


def sources():
    """Return the text of each module of the package, by its path within the tree."""
    paths = sorted((ROOT / PACKAGE).rglob("*.py"))
    return {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in paths}


def pattern(fragment):
    """Return a pattern for a fragment of code, however it is spaced and divided into lines."""
    tokens = re.findall(r"\w+|[^\w\s]", fragment)
    parts = [re.escape(tokens[0])]
    for before, token in pairwise(tokens):
        between = r"\s+" if re.match(r"\w", before[-1]) and re.match(r"\w", token) else r"\s*"
        parts += [between, re.escape(token)]
    start = r"(?<!\w)" if re.match(r"\w", tokens[0]) else ""
    end = r"(?!\w)" if re.match(r"\w", tokens[-1]) else ""
    return re.compile(start + "".join(parts) + end)


def places(fragment, texts, begin=0):
    """Return (path, match) of each occurrence of a fragment behind position ``begin``."""
    found = pattern(fragment)
    return [(path, match) for path, text in texts.items() for match in found.finditer(text, begin)]


def broken(bug, texts):
    """Return (path, text with the bug); raise ``ValueError`` unless its place is clear."""
    if bug.after:
        marks = places(bug.after, texts)
        if len(marks) != 1:
            raise ValueError(f"'after' occurs {len(marks)} times: {bug.after}")
        path, mark = marks[0]
        found = places(bug.old, {path: texts[path]}, mark.end())[:1]
    else:
        found = places(bug.old, texts)
    if len(found) != 1:
        raise ValueError(f"'old' occurs {len(found)} times: {bug.old}")
    path, match = found[0]
    text = texts[path]
    new = text[: match.start()] + bug.new + text[match.end() :]
    if compiled(new) == compiled(text):
        raise ValueError(f"only comments change in {path}: {bug.old}")
    return path, new


def compiled(text):
    """Return the byte code of a module without its docstrings."""
    try:
        return marshal.dumps(compile(text, PACKAGE, "exec", dont_inherit=True, optimize=2))
    except SyntaxError as error:
        raise ValueError(f"no longer Python: {error}") from error


def likely(bug):
    """Return the test files that a break's hints mean, in the order of these."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    named = [path.relative_to(ROOT) for hint in bug.tests for path in files if hint in path.stem]
    return list(dict.fromkeys(map(str, named)))


def check(bugs):
    """Print what is wrong with the list, and return whether nothing is."""
    texts, faults = sources(), []
    for bug in bugs:
        try:
            broken(bug, texts)
        except ValueError as error:
            faults.append(f"{bug.area} {bug.name}: {error}")
        if not likely(bug):
            print(f"{bug.area} {bug.name}: no test file is named after {bug.tests}")
    twice = [name for name, n in Counter(bug.name for bug in bugs).items() if n > 1]
    faults += [f"{name}: the name of several breaks" for name in twice]
    counts = Counter(bug.area for bug in bugs)
    told = ", ".join(f"{area} {n}" for area, n in counts.items())
    print("\n".join([*faults, f"{len(bugs)} breaks ({told}), {len(faults)} faults"]))
    return not faults


def attempt(bug, copy, settings, tests=None):
    """Return (result, test) of a break: whether tests see it in a copy, and which one.

    ``tests``: those but for which all pass, None to run the likely ones, then all others.
    """
    path, text = broken(bug, sources())
    copy.make({path: text})
    first = likely(bug) if tests is None else tests
    code, failed = copy.test(first, settings.limit) if first else (NO_TESTS, [])
    if code in (PASSED, NO_TESTS) and tests is None:
        if settings.hints_only or settings.together:
            return "unseen", ""
        others = [*workers(settings), *(f"--ignore={file}" for file in first)]
        code, failed = copy.test(others, settings.limit)
    if code is None:
        return "caught", f"no end within {settings.limit:g} s"
    if code in (PASSED, NO_TESTS):
        return "survived", ""
    return "caught" if code in BY_TESTS else "error", failed[0] if failed else ""


def workers(settings):
    """Return how pytest is told to run in several processes."""
    return ["-n", str(settings.workers)] if settings.workers else []


def try_all(bugs, settings, tests=None):
    """Try each break and write its row as soon as it is known; ``tests``: as for ``attempt``."""
    free = queue.Queue()

    def one(bug):
        copy, began = free.get(), time.perf_counter()
        try:
            result, test = attempt(bug, copy, settings, tests)
        except ValueError as error:
            result, test = "error", str(error)
        finally:
            free.put(copy)
        return bug, result, test, time.perf_counter() - began

    with copies(settings.jobs) as made, ThreadPoolExecutor(settings.jobs) as pool:
        for copy in made:
            free.put(copy)
        tasks = [pool.submit(one, bug) for bug in bugs]
        try:
            for task in as_completed(tasks):
                bug, result, test, seconds = task.result()
                print(f"{bug.area:7} {bug.name:26} {result:8} {seconds:7.1f} s  {test}", flush=True)
                if settings.out:
                    write(settings.out, bug, result, test, seconds)
        finally:
            for task in tasks:
                task.cancel()


@contextmanager
def copies(n):
    """Give ``n`` places for copies, which are removed afterwards."""
    prefix = "seeded-breaks-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as place:
        made = [Copy(Path(place) / str(number)) for number in range(n)]
        for copy in made:
            copy.place.mkdir()
        yield made


def sound(bugs, settings):
    """Return whether a copy tests itself; with ``--unbroken``, whether its likely tests pass."""
    with copies(1) as (copy,):
        copy.make({})
        source = f"import {PACKAGE}; print({PACKAGE}.__file__)"
        code, output = copy.run(["-c", source], settings.limit)
        if code != 0 or not Path(output.strip()).is_relative_to(copy.tree):
            print(f"A copy would not test itself, but: {output.strip()}")
            return False
        if settings.unbroken:
            files = sorted({file for bug in bugs for file in likely(bug)})
            code, failed = copy.test([*workers(settings), *files], None)
            print(f"Without a break the likely tests end with {failed[0]}", flush=True)
            return code == PASSED
    return True


def try_together(bugs, settings):
    """Run all tests with all of these breaks at once, then each break on what fails there."""
    texts = sources()
    changed, joined = {}, []
    for bug in bugs:
        try:
            path, text = broken(bug, texts)
        except ValueError as error:  # on top of another break
            print(f"{bug.area} {bug.name}: {error}")
            continue
        texts[path] = changed[path] = text
        joined.append(bug)
    print(f"All tests with {len(joined)} breaks at once", flush=True)
    with copies(1) as (copy,):
        copy.make(changed)
        code, failed = copy.test(workers(settings), settings.limit, most=1000)
    print(*failed, sep="\n", flush=True)
    if code == PASSED:
        for bug in joined:
            write(settings.out, bug, "survived", "", 0.0)
    elif code in BY_TESTS:
        try_all(joined, settings, sorted({test.partition("[")[0] for test in failed}))


def write(path, bug, result, test, seconds):
    """Append the row of a break to the table, below a header if it is new."""
    try:
        module = broken(bug, sources())[0]
    except ValueError:
        module = ""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        if new:
            rows.writerow(COLUMNS)
        seconds = f"{seconds:.1f}"
        rows.writerow((bug.name, bug.area, result, test, seconds, module, bug.what))


def rows_of(path):
    """Return the last row of each break in a table, by name."""
    if path is None or not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def summary(path, bugs):
    """Print the counts of a table by area, and what was not caught."""
    rows = [row for name, row in rows_of(path).items() if name in {bug.name for bug in bugs}]
    for area in dict.fromkeys(bug.area for bug in bugs):
        results = Counter(row["result"] for row in rows if row["area"] == area)
        print(f"{area:7}", ", ".join(f"{n} {result}" for result, n in results.items()))
    for row in rows:
        if row["result"] != "caught":
            print(f"{row['result']}: {row['name']}: {row['what']} ({row['file']})")


def arguments():
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--check", action="store_true", help="only see whether each break is found exactly once")
    add("--out", type=Path, help="table (csv) to append to; breaks that are in it are skipped")
    add("--only", action="append", metavar="NAME", help="a break or an area, again if in the table")
    add("--jobs", type=int, default=1, help="number of breaks tried side by side (default: 1)")
    add("--hints-only", action="store_true", help="run no tests but the likely ones")
    add("--together", action="store_true", help="run the others once, for all unseen breaks")
    add("--unbroken", action="store_true", help="first see that these pass without a break")
    add("--workers", type=int, default=0, help="processes for all other tests (pytest -n)")
    add("--limit", type=float, default=3600.0, help="seconds for the tests (default: %(default)g)")
    return parser.parse_args()


def main():
    """Do what the command line says, and return the exit code."""
    settings, bugs = arguments(), breaks()
    if settings.only:
        unknown = set(settings.only) - {key for bug in bugs for key in (bug.name, bug.area)}
        if unknown:
            print(f"There are no breaks called {', '.join(sorted(unknown))}.")
            return 2
        bugs = [bug for bug in bugs if {bug.name, bug.area} & set(settings.only)]
    if settings.check:
        return 0 if check(bugs) else 1
    if settings.together and not settings.out:
        print("--together needs a table, --out, which says what is unseen.")
        return 2
    if not sound(bugs, settings):
        return 1
    began, known = time.perf_counter(), rows_of(settings.out)
    final = {"caught", "survived"}
    if settings.hints_only or settings.together:
        final.add("unseen")
    left = [bug for bug in bugs if known.get(bug.name, {}).get("result") not in final]
    try_all(bugs if settings.only else left, settings)
    if settings.together:
        known = rows_of(settings.out)
        try_together([bug for bug in bugs if known[bug.name]["result"] == "unseen"], settings)
    print(f"{time.perf_counter() - began:.0f} s")
    summary(settings.out, bugs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
