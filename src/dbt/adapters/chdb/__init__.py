"""dbt adapter `type: chdb`: dbt-clickhouse on the engine inside this Python process.

Only how the client is made differs from dbt-clickhouse; every macro and materialization is
its own. When dbt-clickhouse ships a driver for chDB, this package goes.
"""

from dbt.adapters.base import AdapterPlugin

from dbt.adapters.chdb.connections import ChdbAdapter, ChdbCredentials
from dbt.include import chdb

Plugin = AdapterPlugin(
    adapter=ChdbAdapter,
    credentials=ChdbCredentials,
    include_path=chdb.PACKAGE_PATH,
    dependencies=["clickhouse"],
)
