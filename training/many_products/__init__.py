"""Many products trained in one go, side by side."""
