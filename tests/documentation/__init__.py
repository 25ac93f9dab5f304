"""What the documents say is run, and must come out as they say."""
