"""A fitted network as a table, for the terminal and for notebooks.

The one decision: the table is read off the network's own layers and layout, so that its counts
cannot differ from what is trained.
"""

import html
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from ..nn.engine.network import Network
from ..nn.layers import Dense
from ..nn.unit import defaults


class SummaryRow(NamedTuple):
    """A layer: its number from 1, what it is, the shape of its output, how many numbers are
    trained and how many carried along.
    """

    number: int
    layer: str
    output: str
    parameters: int
    statistics: int


@dataclass(frozen=True)
class Summary:
    """The layers of a network, what goes in and what comes out.

    Attributes
    ----------
    title : str
        The estimator, its number of inputs and its precision.
    rows : tuple of SummaryRow
        The layers in order, with ``number``, ``layer``, ``output``, ``parameters`` and
        ``statistics``, the running statistics of batch normalisation and the edges of embeddings.
    loss : str
        The loss, and the function from scores to predictions that comes with it.
    n_parameters, n_statistics, n_bytes : int
        Numbers trained, numbers carried along, and the memory that both take.
    n_in : int
        Number of values of a row that go in.
    """

    title: str
    rows: tuple[SummaryRow, ...]
    loss: str
    n_parameters: int
    n_statistics: int
    n_bytes: int
    n_in: int = 0

    @classmethod
    def of(cls, name: str, network: Network) -> "Summary":
        """Return the summary of a network; ``name``: what it belongs to."""
        trained, carried = (_sizes(layout) for layout in (network.layout, network.running_layout))
        rows = tuple(
            SummaryRow(
                number + 1,
                _described(layer, number),
                f"(n, {width})",
                trained[number],
                carried[number],
            )
            for number, (layer, width) in enumerate(
                zip(network.layers, network.widths[1:], strict=True)
            )
        )
        features = "feature" if network.n_in == 1 else "features"
        return cls(
            title=f"{name}: {network.n_in} {features} in, {network.n_targets} out, "
            f"{network.dtype.name}",
            rows=rows,
            loss=f"{network.loss!r}, outputs: {network.loss.out_activation}",
            n_parameters=network.layout.size,
            n_statistics=network.running_layout.size,
            n_bytes=network.params.nbytes + network.running.nbytes,
            n_in=network.n_in,
        )

    @property
    def total(self) -> str:
        """The sentence below the table."""
        carried = f", {self.n_statistics:,} running statistics" if self.n_statistics else ""
        return f"{self.n_parameters:,} parameters{carried}, {_readable(self.n_bytes)}"

    def _table(self):
        """Return titles and rows as text, running statistics only where there are any."""
        titles = ["", "layer", "output", "parameters", "statistics"]
        rows = [["", "input", f"(n, {self.n_in})", "", ""]]
        rows += [
            [str(row.number), row.layer, row.output, f"{row.parameters:,}", f"{row.statistics:,}"]
            for row in self.rows
        ]
        return (titles, rows) if self.n_statistics else (titles[:-1], [row[:-1] for row in rows])

    def __str__(self):
        titles, rows = self._table()
        widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
        lines = []
        for row in [titles, *rows]:
            lines.append(
                "  ".join(
                    _aligned(k, cell, width)
                    for k, (cell, width) in enumerate(zip(row, widths, strict=True))
                )
            )
        rule = "-" * len(lines[0])
        return "\n".join(
            [self.title, rule, lines[0], rule, *lines[1:], rule, f"loss: {self.loss}", self.total]
        )

    __repr__ = __str__

    def _repr_html_(self):
        titles, rows = self._table()
        head, *body = [
            "<tr>" + "".join(_html(tag, k, cell) for k, cell in enumerate(row)) + "</tr>"
            for tag, row in [("th", titles), *(("td", row) for row in rows)]
        ]
        caption = f'<caption style="white-space: nowrap">{html.escape(self.title)}</caption>'
        below = f"loss: {html.escape(self.loss)}<br>{self.total}"
        return (
            f"<table>{caption}<thead>{head}</thead><tbody>{''.join(body)}</tbody><tfoot><tr>"
            f'<td colspan="{len(titles)}" style="text-align: left">{below}</td></tr></tfoot>'
            "</table>"
        )


def _sizes(layout):
    """Return how many numbers of a layout belong to each layer."""
    sizes = Counter()
    for (number, _), part in layout.slices.items():
        sizes[number] += part.stop - part.start
    return sizes


def _described(layer, number):
    """Return a layer in a few words: an activation by its own name, a dense layer without its
    start, a join with what it bridges.
    """
    if layer.span:
        return f"{type(layer).__name__}: bridges {number - layer.span + 1} to {number}"
    unit = getattr(layer, "activation", layer)
    name, values = type(unit).__name__, unit.get_params(deep=False)
    if isinstance(layer, Dense):
        return name
    if len(values) > 1:  # only what was changed
        usual = defaults(type(unit))
        values = {
            key: value for key, value in values.items() if key not in usual or value != usual[key]
        }
    listed = ", ".join(
        f"{key}={getattr(value, '__name__', repr(value))}" for key, value in values.items()
    )
    return f"{name}({listed})" if listed else name


def _aligned(column, cell, width):
    """Return a cell as wide as its column: names to the left, numbers to the right."""
    return f"{cell:<{width}}" if column in (1, 2) else f"{cell:>{width}}"


def _html(tag, column, cell):
    """Return a cell of the table for notebooks, aligned as in the terminal."""
    side = "left" if column in (1, 2) else "right"
    return f'<{tag} style="text-align: {side}">{html.escape(cell)}</{tag}>'


def _readable(n_bytes):
    """Return a number of bytes in the unit that suits it."""
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.4g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.4g} GB"
