"""REST under /api/v1: the contract's questions as JSON, errors as RFC 9457 problem details."""
