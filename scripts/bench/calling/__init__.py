"""What the callbacks' benches are made of: letters as WeChat writes them, and their mutations."""
