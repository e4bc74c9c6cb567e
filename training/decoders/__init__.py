"""The two decoders and what joins them: pure torch modules, fitted in `training.learning`."""
