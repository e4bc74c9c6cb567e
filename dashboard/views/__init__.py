"""The pages themselves. Streamlit runs each file from its top for every drawing."""
