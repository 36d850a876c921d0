"""What users of the Python SDK do with the Assistants API, each pattern with ``OpenAI`` and with ``AsyncOpenAI``.

A program of its own (``python -m python_client`` in this directory): it needs one of the SDK's versions from 1.109 to 3
and nothing else, reads ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``, and prints one JSON object:
``{"sync": {"results": {pattern: …}, "seconds": {pattern: [of each polling helper]}}, "async": …}``.
"""
