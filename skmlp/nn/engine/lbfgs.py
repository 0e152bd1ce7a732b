"""L-BFGS: SciPy's solver on the network's flat vector.

The one decision: the flat vector is what the solver wants, so nothing is packed; the whole training
set is one batch.
"""

import numpy as np
from scipy.optimize import OptimizeResult, minimize

INTERRUPTED = -1  # status of a result, beside SciPy's


def fit_lbfgs(
    network, x, target, weight, max_iter, max_fun, tol, iteration_end, iteration_begin=lambda: None
):
    """Minimise the objective over all rows; return SciPy's result, the network being at it.

    ``x`` (n, n_in), ``target`` (n, n_out), ``weight`` (n, 1) or None; ``iteration_end(loss,
    gradient_norm)`` is called after each iteration, the network then being at its result, and stops
    by returning True; ``iteration_begin()`` before each. Ctrl-C takes back the iteration it hits,
    the result then being that of the last one that ended; in the first one it is raised. So is an
    error of either function, ``StopIteration`` too. Overwrites: network.
    """
    running = False
    ended = failed = None

    def objective(flat):
        nonlocal running
        if not running:
            running = True
            iteration_begin()
        network.params[...] = flat
        value = network.loss_and_grad(x, target, weight)
        return value, network.grads.astype(np.float64)

    def callback(intermediate_result):
        nonlocal running, ended, failed
        running = False
        network.params[...] = intermediate_result.x
        loss, nit = float(intermediate_result.fun), 1 if ended is None else ended.nit + 1
        try:
            stop = iteration_end(loss, float(np.linalg.norm(network.grads)))
        except StopIteration as error:  # by which SciPy would end as if all were well
            failed = error
            raise
        ended = OptimizeResult(
            x=intermediate_result.x.copy(), fun=loss, nit=nit, status=INTERRUPTED, success=False
        )
        if stop:
            raise StopIteration

    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        try:
            result = minimize(
                objective,
                network.params.astype(np.float64),
                method="L-BFGS-B",
                jac=True,
                callback=callback,
                # near the minimum the loss falls as the square of the gradient; SciPy's own ftol
                # fits gtol = 1e-4
                options={
                    "maxfun": max_fun,
                    "maxiter": max_iter,
                    "gtol": tol,
                    "ftol": 2.2e-9 * min(1.0, (tol / 1e-4) ** 2),
                },
            )
        except KeyboardInterrupt:
            if ended is None:
                raise
            result = ended
    if failed is not None:
        raise failed
    network.params[...] = result.x
    return result
