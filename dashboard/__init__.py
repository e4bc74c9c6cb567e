"""The page: Streamlit over the records. It reads them, and evidence that boxes keep, and changes neither."""
