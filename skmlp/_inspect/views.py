"""Lists of arrays that are views of a model.

The one decision: assigning an entry writes into the model, as assigning into the entry does; so
both of scikit-learn's ways to change weights work.
"""

import numpy as np


class Views(list):
    """A list of views: ``views[i] = array`` and ``views[:] = arrays`` write into them, and an
    array must have its view's shape.
    """

    def __setitem__(self, index, value):
        whole = isinstance(index, slice)
        views, arrays = (self[index], list(value)) if whole else ([self[index]], [value])
        shapes, given = [view.shape for view in views], [np.shape(array) for array in arrays]
        if given != shapes:
            raise ValueError(
                f"The model has arrays of shapes {shapes}, so it cannot take over shapes {given}; "
                "fit a model of these shapes."
            )
        for view, array in zip(views, arrays, strict=True):
            view[...] = array
