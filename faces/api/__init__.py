"""The JSON API for other programs, under /api/v1; described at /api/openapi.json."""
