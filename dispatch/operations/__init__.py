"""Writes of dispatch. Whatever touches a route does so under its branch-day's lock (`plan`)."""
