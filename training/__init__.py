"""Training of the built-in encoder: `python -m training all` makes the model folder again from the data."""
