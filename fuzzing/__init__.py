"""Coverage-guided fuzzing of the readers with atheris: `make fuzz SECONDS=600`, or `READERS="pdf zip"`."""
