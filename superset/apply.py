"""Bring dashboards, roles and row-level security into Superset; the same result however often run.

Run with the Python of Superset's environment, and with its configuration (SUPERSET_CONFIG_PATH or
superset_config.py on the PYTHONPATH).
"""

import argparse
import json
import logging
import os
import secrets
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

# Not `import superset` from this folder's parent: an installed package comes first.
HERE = Path(__file__).resolve().parent

COURSE_STAFF, OPERATOR, PII = "Course staff", "Operator", "PII"
PII_DATASETS = {"dim_learners_pii"}
RULE = "OARS: course staff see their courses"
# The user name comes into the text as hexadecimal digits: no name, whatever quotes and backslashes
# it holds, can end the literal. Nobody logged in is '', which has no course.
RULE_CLAUSE = (
    "course_key in (select course_key from {schema}.course_staff "
    "where username = unhex('{{{{ (current_username() or '').encode().hex() }}}}') "
    "and username != '')"
)

# All that the three roles may do, by Superset's own names: look at dashboards, charts and the
# datasets they are granted, download rows, keep filters and links, see their own profile. Nothing
# that writes charts, dashboards, datasets or databases, no SQL Lab, no upload, no list of users.
PERMISSIONS = {
    "AdvancedDataType": ["can_read"],
    # Not can_query_form_data, which shows how any chart was made; nor can_query, with no use.
    "Api": ["can_time_range"],
    "AvailableDomains": ["can_read"],
    "Chart": ["can_read"],
    "Charts": ["menu_access"],
    "CssTemplate": ["can_read"],
    "CurrentUserRestApi": ["can_read"],
    "Dashboard": [
        "can_drill",
        "can_read",
        "can_view_chart_as_table",
    ],
    "DashboardFilterStateRestApi": ["can_read", "can_write"],
    "DashboardPermalinkRestApi": ["can_read", "can_write"],
    "Dashboards": ["menu_access"],
    "Dataset": ["can_get_drill_info", "can_read"],
    "Datasource": ["can_get", "can_get_column_values", "can_samples"],
    "Explore": ["can_read"],
    "ExploreFormDataRestApi": ["can_read", "can_write"],
    "ExplorePermalinkRestApi": ["can_read", "can_write"],
    "Home": ["menu_access"],
    "Log": ["can_recent_activity"],
    "MenuApi": ["can_get"],
    "ResetMyPasswordView": ["can_this_form_get", "can_this_form_post"],
    "SecurityRestApi": ["can_read"],
    "Superset": [
        "can_csv",
        "can_dashboard",
        "can_dashboard_permalink",
        "can_explore",
        "can_fetch_datasource_metadata",
        "can_language_pack",
        "can_log",
        "can_share_chart",
        "can_share_dashboard",
        "can_slice",
    ],
    "Theme": ["can_read"],
    "UserDBModelView": ["can_userinfo", "resetmypassword"],
    "user": ["can_read"],
}

DEMO_USERS = {
    "admin": "Admin",
    "operator": OPERATOR,
    "staff_of_one": COURSE_STAFF,
    "staff_of_two": COURSE_STAFF,
}
PII_DEMO_USERS = {"pii_reader": PII}

EXAMPLES = """examples:
  python superset/apply.py
  read -rs OARS_DATABASE_URI && export OARS_DATABASE_URI  # it has a password
  python superset/apply.py --database-uri clickhousedb://localhost:8123/oars
  python superset/apply.py --assets superset/assets --demo-users
  python superset/apply.py --pii
"""


class ApplyError(Exception):
    """An expected failure, told in one sentence."""


def main() -> None:
    """Read the arguments and do it; an expected failure is one sentence and exit code 1."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n")[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--assets", type=Path, default=HERE / "assets", help="folder of the assets to import"
    )
    parser.add_argument(
        "--database-uri",
        metavar="URI",
        default=os.environ.get("OARS_DATABASE_URI"),
        help="where the marts are; if absent, OARS_DATABASE_URI of the environment, which no list "
        "of processes shows, or what Superset has, or else what the assets say",
    )
    parser.add_argument(
        "--pii",
        action="store_true",
        help="also the folder assets_pii beside them, and the role PII; only with pii_enabled",
    )
    parser.add_argument(
        "--demo-users",
        action="store_true",
        help="create the users " + ", ".join(DEMO_USERS) + " and print their passwords; with --pii "
        "also " + ", ".join(PII_DEMO_USERS),
    )
    arguments = parser.parse_args()
    try:
        contents = read_assets(arguments.assets)
        if arguments.pii:
            contents |= read_assets(arguments.assets.with_name("assets_pii"))
        apply(contents, arguments.database_uri, arguments.pii, arguments.demo_users)
    except ApplyError as error:
        sys.exit(f"Error: {error}")


def apply(
    contents: dict[str, str], database_uri: str | None, with_pii: bool, with_demo_users: bool
) -> None:
    """Import, then roles, then the rule. Raises ApplyError."""
    from superset.app import create_app

    app = create_app()
    logging.getLogger().setLevel(logging.ERROR)  # Superset and its packages say much at each step.
    warnings.simplefilter("ignore")
    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    with app.app_context():
        from flask import g
        from superset import db, is_feature_enabled, security_manager

        if not is_feature_enabled("ENABLE_TEMPLATE_PROCESSING"):
            raise ApplyError(
                "Superset's feature flag ENABLE_TEMPLATE_PROCESSING is off, and without it course "
                "staff cannot be told apart: include superset/superset_config.py in Superset's "
                "configuration."
            )
        made_roles = {name: security_manager.add_role(name) for name in (COURSE_STAFF, OPERATOR)}
        user_roles = DEMO_USERS | (PII_DEMO_USERS if with_pii else {})
        if with_pii:
            made_roles[PII] = security_manager.add_role(PII)
        users = make_demo_users(user_roles) if with_demo_users else {}
        g.user = an_admin()
        import_assets(contents, database_uri)
        datasets, others = datasets_of(contents)
        pii = [dataset for dataset in datasets if is_pii(dataset)]
        scoped = [dataset for dataset in datasets if is_scoped(dataset) and dataset not in pii]
        if pii:
            made_roles[PII] = security_manager.add_role(PII)
        elif role := security_manager.find_role(PII):
            made_roles[PII] = role  # PII was turned off: nothing is left to this role.
        # No dataset is granted before the rule is on it.
        set_rule([*scoped, *(dataset for dataset in others if is_scoped(dataset))], contents)
        grants = {
            COURSE_STAFF: [dataset for dataset in scoped if dataset.table_name != "course_staff"],
            OPERATOR: [dataset for dataset in datasets if dataset not in pii],
            PII: pii,
        }
        for name, role in made_roles.items():
            set_permissions(role, grants[name])
            print(f"role {name}: {len(grants[name])} datasets, {len(role.permissions)} permissions")
        db.session.commit()
        for name, password in users.items():
            print(f"user {name}, password {password}, role {user_roles[name]}")


def read_assets(folder: Path) -> dict[str, str]:
    """Path within the folder -> text of each YAML file."""
    files = [*folder.rglob("*.yaml"), *folder.rglob("*.yml")]
    contents = {str(file.relative_to(folder)): file.read_text() for file in sorted(files)}
    if "metadata.yaml" not in contents:
        raise ApplyError(f"There are no assets in {folder}: name their folder with --assets.")
    return contents


def documents(contents: dict[str, str], kind: str) -> list[dict[str, Any]]:
    """The assets of a kind: databases or datasets."""
    return [yaml.safe_load(text) for path, text in contents.items() if path.startswith(f"{kind}/")]


def an_admin() -> Any:
    """A user in whose name assets are imported."""
    from superset import security_manager

    role = security_manager.find_role(security_manager.auth_role_admin)
    users = [user for user in security_manager.get_all_users() if role in user.roles]
    if not users:
        raise ApplyError(
            "Superset has no user with the role Admin: make one with `superset fab create-admin`."
        )
    return users[0]


def import_assets(contents: dict[str, str], database_uri: str | None) -> None:
    """Import with Superset's own command; the address of the database stays the operator's."""
    from superset.commands.exceptions import CommandException
    from superset.commands.importers.v1.assets import ImportAssetsCommand

    contents = {
        path: with_uri(text, database_uri) if path.startswith("databases/") else text
        for path, text in contents.items()
    }
    try:
        ImportAssetsCommand(contents).run()
    except CommandException as error:
        raise ApplyError(f"The assets cannot be imported: {causes(error)}") from error
    kinds = ("databases", "datasets", "charts", "dashboards")
    counts = {kind: sum(path.startswith(f"{kind}/") for path in contents) for kind in kinds}
    print("imported: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))


def with_uri(text: str, database_uri: str | None) -> str:
    """The database's asset with the given address, or with the one that Superset has already."""
    from superset import db
    from superset.models.core import Database

    config = yaml.safe_load(text)
    existing = db.session.query(Database).filter_by(uuid=config["uuid"]).first()
    if database_uri:
        config["sqlalchemy_uri"] = database_uri
        arguments = config.get("extra", {}).get("engine_params", {}).get("connect_args", {})
        if "interface=chdb" not in database_uri:  # A server: nothing of the embedded engine.
            for name in ("interface", "path"):
                arguments.pop(name, None)
    elif existing:
        config["sqlalchemy_uri"] = existing.sqlalchemy_uri_decrypted
        config["extra"] = existing.get_extra() | {"per_user_caching": True}
    return str(yaml.safe_dump(config))


def causes(error: BaseException) -> str:
    """The messages of an error and of what caused it, on one line."""
    messages = []
    details = getattr(error, "normalized_messages", None)
    if details:
        messages.append(json.dumps(details(), default=str))
    while error:
        messages.append(" ".join(str(error).split()))
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return "; ".join(dict.fromkeys(message for message in messages if message))[:1000]


def datasets_of(contents: dict[str, str]) -> tuple[list[Any], list[Any]]:
    """The datasets that were imported, and the others of the same databases."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database

    database_ids = {config["uuid"] for config in documents(contents, "databases")}
    imported_ids = {config["uuid"] for config in documents(contents, "datasets")}
    query = db.session.query(SqlaTable).join(Database)
    found = [dataset for dataset in query.all() if str(dataset.database.uuid) in database_ids]
    imported = [dataset for dataset in found if str(dataset.uuid) in imported_ids]
    return imported, [dataset for dataset in found if dataset not in imported]


def is_pii(dataset: Any) -> bool:
    """Whether the dataset says who learners are."""
    return dataset.table_name in PII_DATASETS or (dataset.schema or "").endswith("_pii")


def is_scoped(dataset: Any) -> bool:
    """Whether each row belongs to a course."""
    return any(column.column_name == "course_key" for column in dataset.columns)


def set_rule(datasets: list[Any], contents: dict[str, str]) -> None:
    """One rule on all datasets with a course_key.

    It is of the type Base: it holds for everybody but the roles that are named, so also for a role
    of the operator's own that was granted a dataset. Who has Operator besides another role sees
    all.
    """
    from superset import db, security_manager
    from superset.connectors.sqla.models import RowLevelSecurityFilter

    rule = db.session.query(RowLevelSecurityFilter).filter_by(name=RULE).first()
    if rule is None:
        rule = RowLevelSecurityFilter(name=RULE)
        db.session.add(rule)
    rule.description = "Made by superset/apply.py, which sets it anew at each run."
    rule.filter_type = "Base"
    rule.group_key = None
    rule.clause = RULE_CLAUSE.format(schema=schema_of_marts(contents))
    exempt = (OPERATOR, security_manager.auth_role_admin)
    rule.roles = [security_manager.find_role(name) for name in exempt]
    rule.tables = datasets
    db.session.commit()
    print(f"rule {RULE!r}: on {len(datasets)} datasets")


def schema_of_marts(contents: dict[str, str]) -> str:
    """The schema that holds course_staff: that of the datasets which are not PII."""
    schemas = {config.get("schema") for config in documents(contents, "datasets")}
    names = sorted(name for name in schemas if name and not name.endswith("_pii"))
    if len(names) != 1:
        raise ApplyError("The datasets of the assets have to be in one schema, that of the marts.")
    return names[0]


def set_permissions(role: Any, datasets: Iterable[Any]) -> None:
    """Give the role these permissions and datasets, and take away what else it has."""
    from superset import security_manager

    wanted = [(name, view) for view, names in PERMISSIONS.items() for name in names]
    pairs = [security_manager.find_permission_view_menu(name, view) for name, view in wanted]
    pairs += [
        security_manager.add_permission_view_menu("datasource_access", dataset.perm)
        for dataset in datasets
    ]
    role.permissions = [pair for pair in pairs if pair]  # A version may lack one of them.


def make_demo_users(user_roles: dict[str, str]) -> dict[str, str]:
    """User -> password. Made at random once, and kept where only the owner of the folder reads."""
    from superset import security_manager

    file = Path(os.environ.get("OARS_SUPERSET_HOME", ".oars/superset")) / "users.json"
    passwords = json.loads(file.read_text()) if file.exists() else {}
    for name, role_name in user_roles.items():
        passwords.setdefault(name, secrets.token_urlsafe(12))
        role = security_manager.find_role(role_name)
        user = security_manager.find_user(username=name)
        if user is None:
            first, _, last = name.replace("_", " ").partition(" ")
            security_manager.add_user(
                name, first.title(), last, f"{name}@example.org", role, password=passwords[name]
            )
        else:
            user.roles = [role]
            security_manager.update_user(user)
            security_manager.reset_password(user.id, passwords[name])
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as opened:
        json.dump(passwords, opened, indent=2)
    return passwords


if __name__ == "__main__":
    main()
