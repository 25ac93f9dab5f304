"""One structure a module: records, BM25, vectors, fingerprints."""
