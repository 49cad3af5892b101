"""The control interface: JSON over HTTP for tests and for the page's own script.

Documented in docs/sandbox.md. What changes something wants the header `X-Sandbox: 1`, which a
foreign page cannot send without being asked first.
"""
