"""Document to Filing: one declarative description a form, one engine that reads by it."""
