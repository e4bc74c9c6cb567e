"""The shift report: what a line did in a span of time, for a manager; see `docs/dashboard.md`."""
