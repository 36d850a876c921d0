"""What users of the Python SDK do with the Assistants API, each pattern with four clients.

They are ``OpenAI``, ``AsyncOpenAI``, ``AzureOpenAI`` and ``AsyncAzureOpenAI``, all led by the environment.

A program of its own (``python -m python_client`` in this directory): it needs one of the SDK's versions from 1.109 to 3
and nothing else, and prints one JSON object:
``{"sync": {"results": {pattern: …}, "seconds": {pattern: [of each polling helper]}}, "async": …, "azure": …}``.
"""
