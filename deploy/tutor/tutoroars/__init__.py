"""A plugin of Tutor that runs OARS-dbt."""
