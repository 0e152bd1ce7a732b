"""Of which epoch each member of an ensemble keeps the weights.

The one decision: a held-out part has few rows, so the score after a single epoch is to a large part
chance. The epochs around it count as well, and as much as all of them the other members at the same
place in training, since their rates fall in the same way. Members are trained one after another, so
each keeps copies of the few epochs that may be chosen in the end.
"""

from collections import deque

import numpy as np

from ..nn.engine.epoch_end import Callback
from ..nn.engine.state import Checkpoint

KEPT = 4  # epochs that may be chosen
AROUND = 1 / 32  # of all epochs, those on each side of one whose scores count as its own
MOST_AROUND = 16  # epochs on each side, whose copies are kept meanwhile
_DIGITS = 9  # scores that differ by less are the same


class Candidates(Callback):
    """Keeps copies of the epochs of a training around which its held-out scores are best.

    Parameters
    ----------
    every : int, default=1
        Of how many epochs one has a score.
    """

    def __init__(self, every=1):
        self._every, self._n_planned, self._half = every, 0, 0
        self._epochs, self._scores = [], []  # of those that have a score
        self._recent = deque()  # copies of the last epochs, around which scores are still to come
        self._kept = {}  # copies by the index of their score
        self._unused = []  # copies that can be overwritten
        self._state = None

    def epoch_end(self, trainer, record):
        self._n_planned = trainer.state.clock.n_epochs
        if "validation_score" not in record:
            return
        if not self._scores:
            self._half = min(round(AROUND * self._n_planned / self._every), MOST_AROUND)
        self._state = trainer.state
        self._epochs.append(record["epoch"])
        self._scores.append(record["validation_score"])
        if self._unused:
            self._recent.append(self._unused.pop())
            self._recent[-1].take()
        else:
            self._recent.append(Checkpoint(trainer.network, trainer.state))
        if len(self._recent) > self._half:
            self._offer()

    def end(self):
        """Let the last epochs be candidates too, around which there are fewer."""
        while self._recent:
            self._offer()
        self._unused.clear()

    def curve(self):
        """Return the places of the epochs with a score (n_scores,), 1 being the end of training,
        and their scores (n_scores,), each the mean of those around it, NaN where one is undefined.
        """
        scores = [self._around(k) for k in range(len(self._scores))]
        return np.array(self._epochs) / self._n_planned, np.array(scores)

    def choose(self, scores):
        """Go back to the epoch with the highest of the scores (n_scores,) among those kept, the
        last of several. Overwrites: the network and its training state.
        """
        best = max(self._kept, key=lambda k: (_comparable(scores[k]), k))
        self._kept[best].restore_numbers()
        self._state.best_epoch = self._epochs[best]

    def _offer(self):
        """Keep the first of the recent epochs if it is among the best."""
        k = len(self._scores) - len(self._recent)
        self._kept[k] = self._recent.popleft()
        if len(self._kept) > KEPT:
            worst = min(self._kept, key=lambda j: (_comparable(self._around(j)), j))
            self._unused.append(self._kept.pop(worst))

    def _around(self, k):
        return np.mean(self._scores[max(k - self._half, 0) : k + self._half + 1])

    def __len__(self):
        return len(self._scores)


def choose_epochs(candidates):
    """Go back to the best epoch of each member, by its own scores and those of the others.

    ``candidates``: the Candidates of the members; those without an epoch are left out. Overwrites:
    their networks and training states.
    """
    candidates = [member for member in candidates if len(member)]
    curves = [member.curve() for member in candidates]
    for k, (member, (places, own)) in enumerate(zip(candidates, curves, strict=True)):
        others = [np.interp(places, *curve, right=np.nan) for curve in curves[:k] + curves[k + 1 :]]
        member.choose(own + _mean(others) if others else own)


def _mean(curves):
    """Return the mean of the curves that have a number at each place, 0 where none has."""
    known = ~np.isnan(curves)
    return np.where(known, curves, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _comparable(score):
    """Return a score as a number that others can be compared with."""
    return -np.inf if np.isnan(score) else round(float(score), _DIGITS)
