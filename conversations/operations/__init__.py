"""What changes a conversation. Each runs in the caller's transaction."""
