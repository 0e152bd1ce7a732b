"""The stages of a fit: data, held-out data, network, training, and its end."""
