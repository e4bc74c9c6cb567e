"""Visual inspection that learns a product from pictures of good parts only."""
