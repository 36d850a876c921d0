"""Exit codes of the command line."""

#: As asked; the scenarios are not fine; the command cannot be carried out.
FINE, FOUND_PROBLEMS, CANNOT = 0, 1, 2
