"""The commands of the checkout: run, test, check, lock.

Everything that starts under a bare python3 uses the standard library only: it is what
makes the rest installable.
"""
