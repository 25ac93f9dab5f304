"""Pure text to values: citations, policies, indicator targets, fingerprints."""
