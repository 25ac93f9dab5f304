"""Who may do what: keys and roles, sessions of the web, limits, the headers of every answer, the audit log."""
