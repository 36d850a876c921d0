"""One application per agent framework, as its documentation writes it; ``vercel_ai.mts`` runs in Node.

Each runs in an environment that has nothing of this project, takes address and key from the environment, and prints
what it found as one line of JSON.
"""
