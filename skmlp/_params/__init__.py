"""What parameters may be, what the documentation says of them, and the units that they become."""
