"""The consumer's pages inside WeChat."""
