"""The worker: trainings and previews that somebody has asked for on a page, in a process of its own."""
