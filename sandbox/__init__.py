"""The WeChat sandbox: a program of its own that plays WeChat for one service account on loopback.

It owns the API that the account's server calls (`api`), the pushing of callbacks (`pusher`), the
phones that people hold (`page`, and `control` for programs) and nothing else: it never imports the
product, and the product meets it through HTTP only. Its door is `sandbox.app:create_app`.
"""
