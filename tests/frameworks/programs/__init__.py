"""One application per agent framework, and one of the SDK alone, as their documentation writes them.

Each runs in an environment that has nothing of this project, takes address and key from the environment, and prints
what it found as one line of JSON.
"""
