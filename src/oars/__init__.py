"""OARS-dbt: the Python that SQL cannot be."""
