"""Recordings: captured HTTP exchanges, verbatim; read from many formats, distilled into scenarios.

    bytes of a file --readers--> Recording --distil--> scenario document --writing--> YAML that a person likes to read

It stands beside the world, not in it: what it makes is a scenario file like any other.
"""
