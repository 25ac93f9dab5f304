"""Side-by-side measurements against peers, and the generator of large corpora."""
