"""A function that finds its parameters in the environment, and returns only their names."""

import os


def handler(event, context):
    return {"names": sorted(name for name in os.environ if not name.startswith("AWS_"))}
