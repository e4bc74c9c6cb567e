"""Work on very many frames or products, spread over cores and machines by Ray (Moritz et al., OSDI 2018)."""
