"""A world as the inspector shows it: read from the store, never through the API, so that nothing moves.

``snapshot`` puts the parts together: ``requests`` the journal, ``turns`` the timelines, ``chats`` threads,
conversations and chains, ``overview`` what is small.
"""
