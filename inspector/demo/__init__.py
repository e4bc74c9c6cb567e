"""A whole line on one machine, made of the command line's own commands: `inspector demo`."""
