"""The faces: command line, REST, web pages; parse input, ask one question, show the answer."""
