"""Roles on the embedded engine: it creates none, but reads them from a file when it starts.

The engine runs everything as one user, `default`. With the file that is made here from what `oars
grants --apply` sent, this user may do what some roles may, and ClickHouse itself refuses the rest:
relations, databases, settings and rows. Embedded, it does not guard the tables of `system`.
"""

import re
from collections import defaultdict
from pathlib import Path
from xml.sax.saxutils import escape

IS_OF_ACCESS = re.compile(
    r"(?i)\s*(grant|(create|alter|drop)\s+(role|user|quota|settings\s+profile|row\s+policy))\b"
)
CONFIG = "<clickhouse><users_config>{}</users_config></clickhouse>"
USERS = """<clickhouse>
<profiles><default>{profile}</default></profiles>
<quotas><default/></quotas>
<roles>{roles}</roles>
<users><default>
<password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
<grants><query>GRANT {granted}</query></grants>
<databases>{rows}</databases>
</default></users>
</clickhouse>
"""


def kept(folder: str) -> Path:
    """Where the access statements are kept that were sent to the engine of a folder."""
    return Path(folder).with_name("access.sql")


def opened_as(folder: str, roles: list[str]) -> str:
    """The folder, to be opened by an engine whose user has these roles and nothing else."""
    statements = kept(folder).read_text().splitlines()
    users, config = (Path(folder).with_name(name) for name in ("users.xml", "config.xml"))
    users.write_text(
        USERS.format(
            profile=_settings(statements, roles),
            roles="".join(
                f"<{role}><grants><query>{escape(grant)}</query></grants></{role}>"
                for role, grant in _grants(statements).items()
            ),
            granted=", ".join(roles),
            rows=_rows(statements, roles),
        )
    )
    config.write_text(CONFIG.format(users))
    return f"{folder}?config-file={config}"


def _grants(statements: list[str]) -> dict[str, str]:
    """Of each role the grant that takes the place of all others: the last."""
    pattern = r"GRANT (?:ON CLUSTER \S+ )?(.*) TO (\w+) WITH REPLACE OPTION"
    found = [re.fullmatch(pattern, each) for each in statements]
    return {match[2]: f"GRANT {match[1]}" for match in found if match}


def _settings(statements: list[str], roles: list[str]) -> str:
    values, constants = {}, set()
    for statement in statements:
        match = re.fullmatch(r"ALTER SETTINGS PROFILE .* ADD SETTINGS (.*) TO (\w+)", statement)
        if match and match[2] in roles:
            for setting in match[1].split(", "):
                said = re.fullmatch(r"(\w+) = '?(\w+)'?( CONST)?", setting)
                assert said, setting
                name, value, is_constant = said.groups()
                values[name] = value
                constants |= {name} if is_constant else set()
    given = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    fixed = "".join(f"<{name}><const/></{name}>" for name in sorted(constants))
    return f"{given}<constraints>{fixed}</constraints>"


def _rows(statements: list[str], roles: list[str]) -> str:
    """What policies let the roles see, each of them: a row that one lets them see is seen."""
    tables: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    pattern = r"CREATE ROW POLICY OR REPLACE (\S+) ON (\w+)\.(\w+) .*USING (.*) TO (\w+)"
    for statement in statements:
        match = re.fullmatch(pattern, statement)
        if match and match[5] in roles:
            tables[match[2], match[3]][match[1]] = match[4]
    return "".join(
        f"<{database}><{table}><filter>{escape(' or '.join(conditions.values()))}</filter>"
        f"</{table}></{database}>"
        for (database, table), conditions in tables.items()
    )
