"""Alembic's scripts for the records, shipped inside the package."""
