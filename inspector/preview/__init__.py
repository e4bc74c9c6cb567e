"""What would change: a candidate bundle beside the active one, before anything is activated."""
