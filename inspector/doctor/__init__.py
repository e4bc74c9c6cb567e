"""What `inspector doctor` looks at: one file for each subject; other rooms add theirs by entry point."""
