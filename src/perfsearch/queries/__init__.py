"""One question a module: search, similar, indicators, policies, duplicates, review."""
