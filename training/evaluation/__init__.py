"""How well a bundle, or any other scorer, tells good parts from defective ones."""
