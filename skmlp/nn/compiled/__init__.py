"""Training with kernels of Numba, which is optional: nothing here is imported unless it is asked
for.
"""
