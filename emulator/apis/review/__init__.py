"""What an experienced reviewer would say of an application: its habits, found in the journal, and what it would cost.

``calls`` reads the journal, ``habits`` is the registry of habits, ``cost`` counts tokens and storage.
"""
