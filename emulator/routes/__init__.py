"""The operations of the API: one file per heading of the API reference, one function per operation.

A function is called what the published ``operationId`` says, in snake_case, and so is its route.
"""
