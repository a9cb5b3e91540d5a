"""What the project's own databases have and the project no longer has, to be dropped on request."""

from typing import Any

from clickhouse_connect.driver.client import Client

from oars.grants import Site, quoted

# What dbt-clickhouse makes beside a relation, by the end of its name.
BESIDE = ("_mv", "_local")


def no_longer_there(client: Client, site: Site) -> list[dict[str, Any]]:
    """Views and tables that no model or seed is: `database`, `name`, `kind` and `bytes`, in order.

    Of the target's own databases, `<schema>` and `<schema>_*`, to which dbt writes. Left out are
    raw and the sources, wherever they are, the bookkeeping, for no project has all that it knows,
    what a run is staging, and what is neither a view nor a table of the MergeTree family.
    """
    known = {(node.schema, node.alias) for node in site.nodes()}
    known |= {(source.schema, source.identifier) for source in site.manifest.sources.values()}
    known |= {(database, table) for database, table, _ in site.raw.tables()}
    own = {
        each
        for each in (*site.databases(), *site.turned_off())
        if each == site.schema or each.startswith(f"{site.schema}_")
    } - {f"{site.schema}_ops"}
    found = client.query(
        "select database, name, if(engine = 'View', 'view', 'table') as kind, total_bytes as bytes "
        "from system.tables where database in {databases:Array(String)} "
        "and (engine = 'View' or engine like '%MergeTree') "
        "and not match(name, '__dbt_|^[.]inner') order by database, name",
        parameters={"databases": sorted(own)},
    )
    return [
        row
        for row in found.named_results()
        if not {
            (row["database"], row["name"]),
            *((row["database"], row["name"].removesuffix(end)) for end in BESIDE),
        }
        & known
    ]


def drop(client: Client, site: Site, relations: list[dict[str, Any]]) -> None:
    """Drop relations, and wait until their files are gone."""
    for each in relations:
        client.command(
            f"drop {each['kind']} {quoted(each['database'])}.{quoted(each['name'])}"
            f"{site.on_cluster} sync"
        )
