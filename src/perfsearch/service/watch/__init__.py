"""What the service says of itself: structured logs and metrics."""
