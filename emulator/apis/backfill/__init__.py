"""Compares the threads of a world with the conversations that a script made of them.

``records`` reads both from the store, never through the API, so that no request is left in the journal.
"""
