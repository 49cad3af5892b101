"""What the commit bench is made of."""
