"""The API, version 1: JSON in and out, Bearer tokens, one shape of errors."""
