"""Campaigns against a whole box, run by hand: `make bench-edge` and `make chaos`; docs/campaigns.md."""
