"""Recordings: captured HTTP exchanges, read from many formats and distilled into scenarios.

    bytes of a file --readers--> Recording --distil--> scenario document --yaml_writer--> readable YAML

The result is a scenario file like any other. The world knows nothing of recordings.
"""
