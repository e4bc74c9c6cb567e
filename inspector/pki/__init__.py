"""A plant's certificates: one authority, one certificate each for broker, boxes, cameras and tools."""
