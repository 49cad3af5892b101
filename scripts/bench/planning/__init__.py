"""What the planner's benches are made of: days to plan, the peers, and who measures them."""
