"""The commands of ``assistants-emulator``.

Each module has ``SUMMARY``, ``EXAMPLES``, ``configure(parser)`` and ``run(options)``, which returns the exit
code. A module imports what it needs when it runs, so that ``--help`` stays quick.
"""
