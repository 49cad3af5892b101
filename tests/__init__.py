"""The tests. Shared fixtures: conftest.py; real servers: servers.py."""
