"""What the project's own databases have and the project no longer has, to be dropped on request."""

from typing import Any

from clickhouse_connect.driver.client import Client

from oars.grants import Site, quoted


def no_longer_there(client: Client, site: Site) -> list[dict[str, Any]]:
    """Relations that no model or seed is, in order: `database`, `name`, `kind` and `bytes`.

    Of databases that dbt writes to. The bookkeeping is not looked at, for no project has all that
    it knows, nor is what a run is staging.
    """
    known = {(node.schema, node.alias) for node in site.nodes()}
    databases = {*site.databases(), *site.turned_off()} - {f"{site.schema}_ops"}
    found = client.query(
        "select database, name, if(engine = 'View', 'view', 'table') as kind, total_bytes as bytes "
        "from system.tables where database in {databases:Array(String)} "
        "and not match(name, '__dbt_') order by database, name",
        parameters={"databases": sorted(databases)},
    )
    return [row for row in found.named_results() if (row["database"], row["name"]) not in known]


def drop(client: Client, site: Site, relations: list[dict[str, Any]]) -> None:
    """Drop relations, and wait until their files are gone."""
    for each in relations:
        client.command(
            f"drop {each['kind']} {quoted(each['database'])}.{quoted(each['name'])}"
            f"{site.on_cluster} sync"
        )
