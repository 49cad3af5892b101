"""Pieces of the benches about proving the ledger: a long history, laid by the bare driver, and a fault in each promise."""
