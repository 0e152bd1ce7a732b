"""Tables in files: ``NAME.parquet`` holds the features, and the target as the column
``__target__``.
"""

import pandas as pd


def read_table(path):
    """Return the features of a table in a file, and its target."""
    frame = pd.read_parquet(path)
    y = frame.pop("__target__")
    return frame, y
