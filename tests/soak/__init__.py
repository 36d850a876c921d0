"""The soak: a server under mixed load for minutes, and afterwards its memory, sockets, tasks, files and books."""
