"""The language model before it leaves torch: where it comes from, and how it is made to run without."""
