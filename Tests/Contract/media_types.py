"""Loaded by schemathesis: how bodies of our further media types are written."""

import schemathesis

# The generated value is the whole text, whose lines are judged one by one.
schemathesis.serializer.alias("application/x-ndjson", "text/plain")
