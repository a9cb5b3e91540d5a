"""Who a learner is: as the LMS has them, as statements name them, and how a text may write that.

Anybody may send a statement, and a user of the LMS may choose a name. So nothing that a statement
has leads to a user, but for what a pseudonym that was asked for is the hash of; nothing that two
users have had leads to either; and no pattern is made of what a statement says.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from hashlib import sha1
from html import unescape
from urllib.parse import unquote

from clickhouse_connect.driver.client import Client

from oars.connection import OarsError
from oars.raw_tables import RawNames

IS_PSEUDONYM = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{40}", re.ASCII | re.IGNORECASE
)
IS_ADDRESS = re.compile(r"(?=.{6,254}$)[^\s@]+@[^\s@]+")
IS_OPENID = re.compile(r"(?=.{12,254}$)https?://[^/\s]+\.[^/\s]+/?\S*")
HOME_PAGE = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?([^/?#]*?)(?::[0-9]*)?([/?#].*)?$", re.DOTALL)
LONGEST_NAME = 254
MOST_NAMES = 1000
MOST_TIMES_ENCODED = 5

# The first identifier that there is. Empty are groups, which are no learners, and what the engine
# reads only once the parser has mended it.
ACTORS = """
select
    event_id,
    JSONExtract(
        toString(event),
        'actor',
        'Tuple(
            objectType String, mbox String, mbox_sha1sum String, openid String,
            account Tuple(name String, homePage String)
        )'
    ) as actor,
    actor.account.homePage as home_page,
    arrayFirst(
        identifier -> identifier.2 != '',
        [
            ('account', actor.account.name),
            ('mbox', actor.mbox),
            ('mbox_sha1sum', actor.mbox_sha1sum),
            ('openid', actor.openid)
        ]
    ) as counted,
    if(actor.objectType = 'Group', '', counted.1) as kind,
    counted.2 as sent
from {raw}
"""
# How often an id that the LMS gave is sent from each home page.
HOME_PAGES = f"""
select
    home_page,
    countIf(isNotNull(toUUIDOrNull(sent)) and lower(sent) in ({{external_ids}})) as id_count
from ({ACTORS})
where kind = 'account'
group by home_page
"""
NAMED_ALIKE = f"""
select distinct home_page, sent
from ({ACTORS})
where kind = 'account' and lower(sent) in {{{{names:Array(String)}}}}
limit {MOST_NAMES}
"""
# The parser's own reading of actors, see `identified`.
LAST_OF_IDENTIFIED = ", without_forgotten AS ("
IDENTIFIED = """
select
    event_id,
    emission_time,
    actor_id,
    multiIf(
        notEmpty(actor.account.name), 'account',
        notEmpty(actor.mbox), 'mbox',
        notEmpty(actor.mbox_sha1sum), 'mbox_sha1sum',
        'openid'
    ) as kind,
    coalesce(actor.account.homePage, '') as home_page,
    if(actor_name = '', coalesce(actor.openid, ''), actor_name) as sent
from identified
where isNotNull(actor_id) and event_id in ({ids})
"""
UNMERGED = " settings query_plan_merge_expressions = 0"
"""For all that reads through the parser: merged, its expressions copy whole statements."""

# The address is hashed bare by the LMS, with its scheme by xAPI.
OF_THE_ADDRESS = """
lower(email) in {addresses:Array(String)}
or (
    email != ''
    and hasAny(
        {pseudonyms:Array(String)},
        arrayMap(
            address -> lower(hex(SHA1(address))),
            [email, lower(email), concat('mailto:', email), concat('mailto:', lower(email))]
        )
    )
)
"""
# Of the LMS's tables those that have rows of users.
TABLES_OF_USERS = ("user_profile", "course_enrollment", "external_id")


@dataclass
class Person:
    """All that a learner is known by, but for other spellings that statements have."""

    users: set[int] = field(default_factory=set)
    """Numbers in the LMS."""
    usernames: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    full_names: set[str] = field(default_factory=set)
    openids: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    """Home page, not the LMS's, | and name, of which a pseudonym that was asked for is the hash."""
    pseudonyms: set[str] = field(default_factory=set)
    """What tables have as `actor_id`, and could have."""
    home_pages: set[str] = field(default_factory=set)
    """Of which accounts are the LMS's users, as the parser hashes them."""

    def add(self, other: "Person") -> None:
        """Take in what another is known by."""
        for each in fields(self):
            getattr(self, each.name).update(getattr(other, each.name))

    def count(self) -> int:
        """By how much the person is known."""
        return sum(len(getattr(self, each.name)) for each in fields(self))


def lower(text: str) -> str:
    """In lower case as the engine has it: of letters of ASCII alone."""
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text)


def hash_of(text: str) -> str:
    """What the parser makes of an address or an OpenID."""
    return sha1(text.encode(errors="surrogateescape")).hexdigest()


def hash_of_account(home_page: str, name: str) -> str:
    """What the parser makes of a name: see macros/parser/actor_pseudonym.sql."""
    return hash_of(f"{normal_home_page(home_page)}|{name}")


def normal_home_page(home_page: str) -> str:
    """As macros/parser/home_page.sql: without scheme, port and trailing slash, in lower case."""
    return HOME_PAGE.sub(r"\1\2", lower(home_page).rstrip("/"), count=1)


def plainly_written(text: str) -> str:
    """The text without what is encoded for a URL or for HTML, however often."""
    for _ in range(MOST_TIMES_ENCODED):
        text, before = unescape(unquote(text)), text
        if text == before:
            break
    return text


def is_plain(name: str) -> bool:
    """Whether the parser hashes the name of an account with its home page, not as an address."""
    return (
        bool(name)
        and not re.search("[@\uff20\ufe6b]", unquote(name))
        and (len(name) == 40 or not IS_PSEUDONYM.fullmatch(name))
    )


def identified(client: Client, staging: str, ids: str) -> str:
    """Select of whom the parser takes for the sender of statements, also of one who is forgotten.

    `ids` is a select of their ids. The view of the parser is cut where it has read the actor.
    """
    [(text,)] = client.query(
        "select as_select from system.tables where database = {staging:String} "
        "and name = 'base_xapi__parsed_statements'",
        parameters={"staging": staging},
    ).result_rows
    head, end, _ = text.partition(LAST_OF_IDENTIFIED)
    if not end:
        raise OarsError("The view of the parser is not of this release: run `dbt run` first.")
    return f"{head} {IDENTIFIED.format(ids=ids)}"


def columns_of_users(client: Client, names: RawNames) -> dict[str, set[str]]:
    """Of each table of users that is there its columns; older releases have fewer."""
    rows = client.query(
        "select table, groupArray(name) from system.columns where database = {sink:String} "
        "and table in {tables:Array(String)} group by table order by table",
        parameters={"sink": names.event_sink_database, "tables": list(TABLES_OF_USERS)},
    ).result_rows
    return {table: set(columns) for table, columns in rows if "user_id" in columns}


class Register:
    """Finds out who somebody is, in the tables of the LMS and in statements."""

    def __init__(self, client: Client, names: RawNames, schema: str, home_pages: Iterable[str]):
        """`home_pages` are those whose accounts are the LMS's users, besides the LMS's own."""
        self.client = client
        self.names = names
        self.staging = f"{schema}_staging"
        self.columns = columns_of_users(client, names)
        self.home_pages = {normal_home_page(each) for each in home_pages}
        self.home_pages |= self._home_page_of_the_lms()
        self.elsewhere: set[tuple[str, str]] = set()
        """Accounts with the name of a user that are perhaps somebody else's: home page and name."""
        self.shared: set[str] = set()
        """Addresses and names that another user has had as well."""

    def completed(self, asked: Person) -> Person:
        """All that is known of who was asked for; OarsError where that may be two users."""
        person = Person(home_pages=set(self.home_pages))
        person.add(asked)
        self._take_what_was_hashed(person)
        users = self._users_of(person)
        if len(users - asked.users) > 1:
            listed = ", ".join(map(str, sorted(users)))
            raise OarsError(f"Several users of the LMS are so named ({listed}): give --user-id.")
        person.users |= users
        self._ask_the_lms(person)
        # Both forms of an address are looked for: one is enough to name it.
        person.addresses -= {lower(each) for each in person.addresses if each != lower(each)}
        person.pseudonyms |= self._possible_pseudonyms(person)
        self._look_at_accounts(person)
        return person

    def _home_page_of_the_lms(self) -> set[str]:
        """The home page that most of its ids are sent from, or the only one there is."""
        external_ids = "''"
        if "external_id" in self.columns:
            external_ids = (
                f"select toString(external_user_id) from {self.names.event_sink('external_id')}"
            )
        query = HOME_PAGES.format(raw=self.names.statements, external_ids=external_ids)
        counts: Counter[str] = Counter()
        for home_page, id_count in self.client.query(query).result_rows:
            counts[normal_home_page(home_page)] += id_count
        most = max(counts.values(), default=0)
        found = [page for page, count in counts.items() if count == most]
        # With a | in it, it could be read as another home page and a name.
        return {found[0]} if len(found) == 1 and "|" not in found[0] else set()

    def _take_what_was_hashed(self, person: Person) -> None:
        """The name or address of which a pseudonym that was asked for is the hash."""
        if not person.pseudonyms:
            return
        base = f"{self.staging}.base_xapi__statements"
        ids = (
            f"select event_id from {base} where actor_id in {{pseudonyms:Array(String)}} union all "
            f"select event_id from {self.names.statements} where event_id not in "
            f"(select event_id from {base} where isNotNull(actor_id))"
        )
        actors = identified(self.client, self.staging, ids)
        found = self.client.query(
            f"select distinct kind, home_page, sent from ({actors}) "
            f"where actor_id in {{pseudonyms:Array(String)}} limit {MOST_NAMES}{UNMERGED}",
            parameters={"pseudonyms": sorted(person.pseudonyms)},
        ).result_rows
        for kind, home_page, sent in found:
            if kind == "openid":
                person.openids |= {sent} if IS_OPENID.fullmatch(sent) else set()
            elif kind == "mbox" or not is_plain(sent):
                address = lower(re.sub("(?ai)^mailto:", "", plainly_written(sent)))
                person.addresses |= {address} if IS_ADDRESS.fullmatch(address) else set()
            elif kind == "account" and len(home_page) + len(sent) <= LONGEST_NAME:
                # Elsewhere a user's name may be somebody else's.
                if normal_home_page(home_page) in person.home_pages:
                    person.usernames.add(sent)
                else:
                    person.accounts.add(f"{normal_home_page(home_page)}|{sent}")

    def _users_of(self, person: Person) -> set[int]:
        """Numbers of those who have, or have had, one of the ids, addresses or names."""
        known = {
            "usernames": sorted(map(lower, person.usernames)),
            "addresses": sorted(map(lower, person.addresses)),
            "pseudonyms": sorted(person.pseudonyms),
        }
        found: set[int] = set()
        for table, columns in self.columns.items():
            conditions = ["false"]
            if "username" in columns:
                conditions.append("lower(username) in {usernames:Array(String)}")
            if "external_user_id" in columns:
                conditions.append("toString(external_user_id) in {pseudonyms:Array(String)}")
            if "email" in columns:
                conditions.append(OF_THE_ADDRESS)
            rows = self.client.query(
                f"select distinct user_id from {self.names.event_sink(table)} "
                f"where user_id > 0 and ({' or '.join(conditions)})",
                parameters=known,
            ).result_rows
            found |= {int(user) for (user,) in rows}
        return found

    def _ask_the_lms(self, person: Person) -> None:
        """What the users are called now or were once, but for what another user is called."""
        asked = {lower(name) for name in person.usernames | person.addresses}
        for table, columns in self.columns.items():
            wanted = ", ".join(
                f"toString({name})" if name in columns else "''"
                for name in ("username", "email", "name", "external_user_id")
            )
            rows = self.client.query(
                f"select distinct {wanted} from {self.names.event_sink(table)} "
                "where user_id in {users:Array(Int64)}",
                parameters={"users": sorted(person.users)},
            ).result_rows
            for username, address, full_name, external_id in rows:
                person.usernames |= {username} - {""}
                person.addresses |= {address} - {""}
                person.full_names |= {full_name} - {""}
                person.pseudonyms |= {external_id} - {""}
        self.shared = self._names_of_others(person) - asked
        for names in (person.usernames, person.addresses):
            names -= {name for name in names if lower(name) in self.shared}

    def _names_of_others(self, person: Person) -> set[str]:
        names = {lower(name) for name in person.usernames | person.addresses}
        found: set[str] = set()
        for table, columns in self.columns.items():
            # A number too: where the LMS sends numbers, a user called 42 is not user 42.
            named = ", ".join(
                ["toString(user_id)", *(each for each in ("username", "email") if each in columns)]
            )
            rows = self.client.query(
                f"select distinct lower(arrayJoin([{named}])) as name "
                f"from {self.names.event_sink(table)} where "
                "user_id not in {users:Array(Int64)} and name in {names:Array(String)}",
                parameters={"users": sorted(person.users), "names": sorted(names)},
            ).result_rows
            found |= {name for (name,) in rows}
        return found

    def _look_at_accounts(self, person: Person) -> None:
        """Accounts of the LMS whose name is spelled in other cases; those of others are noted."""
        found = self.client.query(
            NAMED_ALIKE.format(raw=self.names.statements),
            parameters={"names": sorted(map(lower, person.usernames))},
        ).result_rows
        for home_page, sent in found:
            pseudonym = hash_of_account(home_page, sent)
            # Two systems may both have a learner 3, and a user be called like another's id.
            if is_plain(sent) and normal_home_page(home_page) in person.home_pages:
                person.pseudonyms.add(pseudonym)
            elif pseudonym not in person.pseudonyms:
                self.elsewhere.add((home_page, sent))

    def _possible_pseudonyms(self, person: Person) -> set[str]:
        """What the parser would make of the person in each form that an LMS may send."""
        addresses = {form for each in person.addresses for form in (each, lower(each))}
        names = {form for each in person.usernames for form in (each, lower(each))}
        return (
            {hash_of(address) for address in addresses}
            | {hash_of(f"mailto:{address}") for address in addresses}
            | {
                hash_of_account(home_page, name)
                for home_page in person.home_pages
                for name in names
                if is_plain(name)
            }
            | {hash_of(openid) for openid in person.openids}
        )


def any_writing(text: str) -> str:
    """Pattern of a text with any of its letters encoded for a URL, for JSON or for HTML.

    Of letters of ASCII the case does not count. The engine and Python read it alike.
    """
    return "".join(map(_any_writing_of, text))


# What the parser takes for these, and what HTML calls them.
LOOK_ALIKE = {"@": "\uff20\ufe6b", ".": "\u3002\uff0e"}
ENTITIES = {"@": "commat", ".": "period"}


def _any_case(text: str) -> str:
    return "".join(
        f"[{letter.lower()}{letter.upper()}]" if re.match("[A-Za-z]", letter) else re.escape(letter)
        for letter in text
    )


def _any_writing_of(letter: str) -> str:
    letters = {*LOOK_ALIKE.get(letter, ""), letter}
    if letter.isascii():
        letters |= {letter.lower(), letter.upper()}
    forms = [_any_case(letter), *sorted(letters - {letter.lower(), letter.upper()})]
    for each in sorted(letters):
        units = each.encode("utf-16-be", errors="replace").hex()
        forms += [
            "".join(
                f"%(?:25)*{_any_case(f'{byte:02x}')}" for byte in each.encode(errors="replace")
            ),
            "".join(
                rf"\\{{1,9}}u{_any_case(units[at : at + 4])}" for at in range(0, len(units), 4)
            ),
            rf"&(?:amp;)*#(?:0*{ord(each)}|[xX]0*{_any_case(f'{ord(each):x}')});",
        ]
    if letter in ENTITIES:
        forms.append(f"&(?:amp;)*{ENTITIES[letter]};")
    return f"(?:{'|'.join(forms)})"


# What ends a name in a text, however it is written, and is in no address and no URL.
_ENDS = "|".join(map(any_writing, ' \t\n\r"<>')) + "|&(?:amp;)*(?:quot|lt|gt|nbsp);"
_MAILTO = any_writing("mailto:")
# For what is deleted. Any other sign may be of somebody else's address: o'ann@x.org, ann@x.org.uk.
ALONE_BEFORE = f"(?:^|{_ENDS}|{_MAILTO})"
ALONE_AFTER = rf"""[.,;:!?)'\]]*(?:$|{_ENDS}|\\{{1,9}}[nrt"])"""
# For what is only listed. Not in the middle of a longer address or name; what is encoded ends with
# a letter or digit.
BEFORE = (
    r"(?:(?:^|[^0-9A-Za-z._%+-])[._%+-]*"
    r"|%(?:25)*[0-9A-Fa-f]{2}|\\{1,9}[nrtbf]|\\{1,9}u[0-9A-Fa-f]{4})"
)
AFTER = r"(?:[._-]*(?:$|[^0-9A-Za-z_.-]))"
NOTHING = r"^\b$"
"""A pattern that no text has."""


def is_address(person: Person) -> str:
    """Pattern of an actor's identifier that is one of the person's addresses."""
    named = "|".join(_addresses(person))
    return rf"^\s*(?:{_MAILTO})?(?:{named})\s*$" if named else NOTHING


def mentions(person: Person) -> str:
    """Pattern of a text that may name the person by an address, an OpenID or a pseudonym."""
    named = [*_addresses(person), *_openids(person), *_pseudonyms(person)]
    return f"{BEFORE}(?:{'|'.join(named)}){AFTER}" if named else NOTHING


def names_alone(person: Person) -> str:
    """Pattern of a text that is no statement and names the person, and surely nobody else."""
    found = []
    if named := "|".join([*_addresses(person), *_openids(person)]):
        found.append(f"{ALONE_BEFORE}(?:{named}){ALONE_AFTER}")
    if named := "|".join(_pseudonyms(person)):
        found.append(f"{BEFORE}(?:{named}){AFTER}")
    return "|".join(found) or NOTHING


def is_among(person: Person) -> str:
    """Pattern of an actor in JSON in which an identifier is one of the person's."""
    addresses = [rf"\s*(?:{_MAILTO})?{address}\s*" for address in _addresses(person)]
    named = "|".join([*addresses, *_openids(person), *_pseudonyms(person)])
    return rf'(?:^|[^\\])"(?:{named})"' if named else NOTHING


def _addresses(person: Person) -> list[str]:
    return [*map(any_writing, sorted(filter(IS_ADDRESS.fullmatch, person.addresses)))]


def _openids(person: Person) -> list[str]:
    return [*map(any_writing, sorted(filter(IS_OPENID.fullmatch, person.openids)))]


def _pseudonyms(person: Person) -> list[str]:
    # A UUID also without its dashes.
    return [
        _any_case(pseudonym).replace(r"\-", "-?")
        for pseudonym in sorted(filter(IS_PSEUDONYM.fullmatch, person.pseudonyms))
    ]


def accounts(person: Person) -> str:
    """Pattern of a JSON text, however quoted, in which an account of the person stands."""
    pairs = {
        *(account.partition("|")[::2] for account in person.accounts),
        *((page, name) for page in person.home_pages for name in person.usernames),
    }
    quote = r'\\*"'
    found = []
    for home_page, name in sorted(pairs):
        if home_page.partition("/")[0] and is_plain(name):
            at = rf"{quote}homePage{quote}\s*:\s*{quote}{_any_writing_of_page(home_page)}{quote}"
            named = rf"{quote}name{quote}\s*:\s*{quote}{any_writing(name)}{quote}"
            # In one object, so that no other's home page stands beside the name.
            found += [rf"{at}[^{{}}]*{named}", rf"{named}[^{{}}]*{at}"]
    return "|".join(found) or NOTHING


def _any_writing_of_page(home_page: str) -> str:
    """Pattern of what `normal_home_page` makes this of."""
    slash = rf"\\*{any_writing('/')}"
    host, *path = re.split("(?=[/?#])", home_page, maxsplit=1)
    rest = "".join(slash if sign == "/" else any_writing(sign) for sign in "".join(path))
    scheme = f"[A-Za-z][A-Za-z0-9+.-]*{any_writing(':')}{slash}{slash}"
    port = f"{any_writing(':')}[0-9]*"
    return f"(?:{scheme})?{any_writing(host)}(?:{port})?{rest}(?:{slash})*"


def names_of(person: Person) -> set[str]:
    """The names of the person and of the person's accounts."""
    return (
        person.usernames
        | person.full_names
        | {account.partition("|")[2] for account in person.accounts}
    )


def names_as_word(person: Person) -> str:
    """Pattern of a text that has a name of the person as a word: it may be somebody else's."""
    # Numbers and very short names are in any text.
    telling = sorted(
        _any_case(name)
        for name in names_of(person)
        if 2 < len(name.strip()) <= LONGEST_NAME and not name.isdigit()
    )
    return f"{BEFORE}(?:{'|'.join(telling)}){AFTER}" if telling else NOTHING
