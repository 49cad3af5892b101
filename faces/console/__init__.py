"""The web console of dispatchers and managers."""
