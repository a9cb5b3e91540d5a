"""Version of the adapter: that of the dbt-clickhouse release it goes with."""

version = "1.10.3"
