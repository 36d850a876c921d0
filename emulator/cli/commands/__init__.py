"""The commands of ``assistants-emulator``, a module each: ``SUMMARY``, ``EXAMPLES``, ``configure(parser)`` and
``run(options) -> exit code``. A module imports what it needs when it runs, so that ``--help`` stays quick.
"""
