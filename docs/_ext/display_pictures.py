"""Draws the example of each display on its page of the reference."""


def example(lines):
    """Return the lines of the session in a docstring, without what it prints."""
    return [line.strip() for line in lines if line.lstrip().startswith((">>> ", "... "))]


def draw(app, what, name, obj, options, lines):
    """Put the picture behind the first paragraph of a display's docstring. Overwrites: lines."""
    if what != "class" or not name.endswith("Display"):
        return
    code = example(lines)
    if not code:
        return
    end = next((k for k, line in enumerate(lines) if k and not line.strip()), len(lines))
    picture = ["", ".. plot::", "   :include-source: false", f"   :alt: {lines[0].strip()}", ""]
    lines[end:end] = [*picture, *(f"   {line}" for line in code), ""]


def setup(app):
    """Follow numpydoc, whose priority is 500."""
    app.connect("autodoc-process-docstring", draw, priority=700)
    return {"parallel_read_safe": True}
