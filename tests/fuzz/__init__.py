"""Coverage-guided fuzzing of everything that reads what others wrote: ``python -m tests.fuzz``, or ``make fuzz``.

``targets`` are plain functions from bytes to nothing, which the ordinary tests call too. ``worker`` is the process in
which atheris feeds one of them; ``campaign`` starts workers, sees them through and reports.
"""
