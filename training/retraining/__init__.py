"""A product learned further: new normals and operators' reviews make a candidate from an active bundle."""
