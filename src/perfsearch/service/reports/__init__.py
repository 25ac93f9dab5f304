"""Reports that stand on their own: one HTML page, a Word document, text for the terminal."""
