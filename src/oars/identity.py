"""Who a learner is: as the LMS has them, as statements name them, and how a text may write that."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from hashlib import sha1
from urllib.parse import unquote_to_bytes

from clickhouse_connect.driver.client import Client

from oars.connection import OarsError
from oars.raw_tables import RawNames, table_exists

IS_PSEUDONYM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE)
IS_HASH = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
HOME_PAGE = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?([^/?#]*?)(?::[0-9]*)?([/?#].*)?$", re.DOTALL)

# The identifier that counts is the first that there is, and a group is no learner: so it is for the
# parser too, which reads the same type.
ACTORS = """
select
    event_id,
    toDateTime64(emission_time, 6, 'UTC') as emitted_at,
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
    counted.1 as kind,
    counted.2 as sent
from {raw}
where actor.objectType != 'Group'
"""
WHO_SENT = f"select distinct kind, home_page, sent from ({ACTORS}) where "
# Each kind by its own names: a user may be called like another's address or id.
NAMED_SO = (
    WHO_SENT
    + """
    (kind in ('account', 'mbox') and match(sent, {{addresses:String}}))
    or (kind = 'account' and lower(sent) in {{usernames:Array(String)}})
    or (kind = 'openid' and sent in {{openids:Array(String)}})
"""
)
# Of what base did not read the parser says whose it is; expressions are not merged, as for base.
SENT_BY = (
    WHO_SENT
    + """
    (event_id, emitted_at) in (
        select event_id, emission_time
        from {staging}.base_xapi__statements
        where actor_id in {{pseudonyms:Array(String)}}
        union all
        select event_id, emission_time
        from {staging}.base_xapi__parsed_statements
        where
            event_id in (
                select event_id
                from {raw}
                where (event_id, toDateTime64(emission_time, 6, 'UTC')) not in (
                    select event_id, emission_time from {staging}.base_xapi__statements
                )
            )
            and actor_id in {{pseudonyms:Array(String)}}
    )
    settings query_plan_merge_expressions = 0
"""
)
# How often an id that the LMS gave is sent from each home page.
HOME_PAGES = f"""
select
    home_page,
    countIf(isNotNull(toUUIDOrNull(sent)) and lower(sent) in ({{external_ids}})) as id_count
from ({ACTORS})
where kind = 'account'
group by home_page
"""
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


@dataclass
class Person:
    """All that a learner is known by."""

    users: set[int] = field(default_factory=set)
    """Numbers in the LMS."""
    usernames: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    full_names: set[str] = field(default_factory=set)
    accounts: set[tuple[str, str]] = field(default_factory=set)
    """Home page and name, as statements have them."""
    openids: set[str] = field(default_factory=set)
    pseudonyms: set[str] = field(default_factory=set)
    """What tables have as `actor_id`, and could have."""

    def add(self, other: "Person") -> None:
        """Take in what another is known by."""
        for each in fields(self):
            getattr(self, each.name).update(getattr(other, each.name))

    def count(self) -> int:
        """By how much the person is known."""
        return sum(len(getattr(self, each.name)) for each in fields(self))


def pseudonym_of(kind: str, home_page: str, sent: str) -> str | None:
    """What the parser makes of an actor's identifier, see macros/parser/actor_pseudonym.sql."""
    if kind == "openid":
        return _sha1(sent)
    if kind == "account" and IS_PSEUDONYM.fullmatch(sent):
        return sent.lower()
    address = address_of(sent)
    if kind == "mbox" or "@" in address:
        return _sha1(address) if address else None
    if kind == "mbox_sha1sum" and IS_HASH.fullmatch(sent):
        return sent.lower()
    return _sha1(f"{normal_home_page(home_page)}|{sent}")


def is_name(kind: str, sent: str) -> bool:
    """Whether it is the name of an account, and neither an address nor a pseudonym."""
    return kind == "account" and "@" not in address_of(sent) and not IS_PSEUDONYM.fullmatch(sent)


def address_of(sent: str) -> str:
    """What the parser takes for the address, if it is one: decoded, without `mailto:`."""
    decoded = unquote_to_bytes(sent).decode(errors="surrogateescape")
    return without_scheme(re.sub("[\uff20\ufe6b]", "@", decoded))


def without_scheme(address: str) -> str:
    """The address of a `mailto:`."""
    return re.sub("^mailto:", "", address, flags=re.IGNORECASE)


def normal_home_page(home_page: str) -> str:
    """As macros/parser/home_page.sql: without scheme, port and trailing slash, in lower case."""
    return HOME_PAGE.sub(r"\1\2", home_page.lower().rstrip("/"), count=1)


def _sha1(text: str) -> str:
    return sha1(text.encode(errors="surrogateescape")).hexdigest()


class Register:
    """Finds out who somebody is, in the tables of the LMS and in statements."""

    def __init__(self, client: Client, names: RawNames, schema: str, home_pages: Iterable[str]):
        """`home_pages` are those whose accounts are the LMS's users, besides the LMS's own."""
        self.client = client
        self.names = names
        self.staging = f"{schema}_staging"
        self.home_pages = {normal_home_page(each) for each in home_pages}
        self.home_pages |= self._home_page_of_the_lms()
        self.elsewhere: set[tuple[str, str]] = set()
        """Accounts of other home pages that have the name of a user: perhaps somebody else's."""
        self.shared: set[str] = set()
        """Addresses and names that another user has had as well."""

    def completed(self, asked: Person) -> Person:
        """All that is known of who was asked for; OarsError where that may be two users.

        The LMS alone says what belongs together: nothing that a statement has leads to a user, but
        for the name or the address of which a pseudonym that was asked for is the hash.
        """
        person = Person()
        person.add(asked)
        self._take_what_was_hashed(person)
        users = self._users_of(person)
        if len(users - asked.users) > 1:
            listed = ", ".join(map(str, sorted(users)))
            raise OarsError(f"Several users of the LMS are so named ({listed}): give --user-id.")
        person.users |= users
        self._ask_the_lms(person)
        self._take_who_is_named_so(person)
        person.pseudonyms |= self._possible_pseudonyms(person)
        self._take_what_was_hashed(person)
        return person

    def _home_page_of_the_lms(self) -> set[str]:
        """The home page that most of its ids are sent from, or the only one there is."""
        external_ids = (
            f"select toString(external_user_id) from {self.names.event_sink('external_id')}"
            if self._has("external_id")
            else "''"
        )
        query = HOME_PAGES.format(raw=self.names.statements, external_ids=external_ids)
        counts: Counter[str] = Counter()
        for home_page, id_count in self.client.query(query).result_rows:
            counts[normal_home_page(home_page)] += id_count
        most = max(counts.values(), default=0)
        if most or len(counts) == 1:
            return {min(page for page, count in counts.items() if count == most)}
        return set()

    def _has(self, table: str) -> bool:
        return table_exists(self.client, self.names.event_sink_database, table)

    def _users_of(self, person: Person) -> set[int]:
        """Numbers of those who have, or have had, one of the ids, addresses or names."""
        known = {
            "usernames": sorted({name.lower() for name in person.usernames}),
            "addresses": sorted({address.lower() for address in person.addresses}),
            "pseudonyms": sorted(person.pseudonyms),
        }
        is_named = "lower(username) in {usernames:Array(String)}"
        has_id = "toString(external_user_id) in {pseudonyms:Array(String)}"
        found: set[int] = set()
        for table, condition in (
            ("external_id", f"{is_named} or {has_id}"),
            ("user_profile", f"{is_named} or {OF_THE_ADDRESS}"),
            ("course_enrollment", is_named),
        ):
            if self._has(table):
                rows = self.client.query(
                    f"select distinct user_id from {self.names.event_sink(table)} "
                    f"where {condition}",
                    parameters=known,
                ).result_rows
                found |= {int(user) for (user,) in rows}
        return found

    def _ask_the_lms(self, person: Person) -> None:
        """What the users are called now or were once, but for what another user is called."""
        asked = {name.lower() for name in person.usernames | person.addresses}
        for table, columns in (
            ("external_id", "username, '', '', toString(external_user_id)"),
            ("user_profile", "username, email, name, ''"),
            ("course_enrollment", "username, '', '', ''"),
        ):
            if not self._has(table):
                continue
            rows = self.client.query(
                f"select distinct {columns} from {self.names.event_sink(table)} "
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
            names -= {name for name in names if name.lower() in self.shared}

    def _names_of_others(self, person: Person) -> set[str]:
        names = {name.lower() for name in person.usernames | person.addresses}
        found: set[str] = set()
        for table, columns in (
            ("external_id", "username"),
            ("user_profile", "username, email"),
            ("course_enrollment", "username"),
        ):
            if self._has(table):
                rows = self.client.query(
                    f"select distinct lower(arrayJoin([{columns}])) as name "
                    f"from {self.names.event_sink(table)} where "
                    "user_id not in {users:Array(Int64)} and name in {names:Array(String)}",
                    parameters={"users": sorted(person.users), "names": sorted(names)},
                ).result_rows
                found |= {name for (name,) in rows}
        return found

    def _take_what_was_hashed(self, person: Person) -> None:
        """The names, in statements, of which the person's pseudonyms are the hashes."""
        if not person.pseudonyms:
            return
        found = self.client.query(
            SENT_BY.format(raw=self.names.statements, staging=self.staging),
            parameters={"pseudonyms": sorted(person.pseudonyms)},
        ).result_rows
        for kind, home_page, sent in found:
            # Of an id that two have sent, one row is the other's.
            if pseudonym_of(kind, home_page, sent) in person.pseudonyms:
                self._take(person, kind, home_page, sent)

    def _take_who_is_named_so(self, person: Person) -> None:
        """The actors of statements that are called like the person."""
        addresses = "|".join(map(any_writing, sorted(person.addresses)))
        found = self.client.query(
            NAMED_SO.format(raw=self.names.statements),
            parameters={
                "addresses": rf"(?i)^\s*(?:mailto:)?(?:{addresses})\s*$" if addresses else NOTHING,
                "usernames": sorted({name.lower() for name in person.usernames}),
                "openids": sorted(person.openids),
            },
        ).result_rows
        known = {address.lower() for address in person.addresses}
        for kind, home_page, sent in found:
            # Two systems may both have a learner 3, and a user be called like another's id.
            if kind == "account" and address_of(sent).lower() not in known:
                is_of_the_lms = normal_home_page(home_page) in self.home_pages
                if not is_of_the_lms or IS_PSEUDONYM.fullmatch(sent):
                    self.elsewhere.add((home_page, sent))
                    continue
            self._take(person, kind, home_page, sent)

    def _take(self, person: Person, kind: str, home_page: str, sent: str) -> None:
        pseudonym = pseudonym_of(kind, home_page, sent)
        if pseudonym is None:
            return
        person.pseudonyms.add(pseudonym)
        if is_name(kind, sent):
            person.accounts.add((home_page, sent))
            if normal_home_page(home_page) in self.home_pages:
                person.usernames.add(sent)
        elif kind == "openid":
            person.openids.add(sent)
        elif "@" in address_of(sent):
            person.addresses.add(address_of(sent))

    def _possible_pseudonyms(self, person: Person) -> set[str]:
        """What the parser would make of the person in each form that an LMS may send."""
        addresses = {form for each in person.addresses for form in (each, each.lower())}
        return (
            {_sha1(address) for address in addresses}
            | {_sha1(f"mailto:{address}") for address in addresses}
            | {
                _sha1(f"{home_page}|{name}")
                for home_page in self.home_pages
                for name in person.usernames
            }
            | {_sha1(openid) for openid in person.openids}
        )


def any_writing(text: str) -> str:
    """Pattern of a text with any of its letters encoded for a URL, for JSON or for HTML.

    To be matched without regard to case.
    """
    return "".join(map(_any_writing_of, text))


def _any_writing_of(letter: str) -> str:
    code = ord(letter)
    percent = "".join(f"%(?:25)*{byte:02x}" for byte in letter.encode(errors="replace"))
    units = letter.encode("utf-16-be", errors="replace").hex()
    escaped = "".join(rf"\\+u{units[at : at + 4]}" for at in range(0, len(units), 4))
    entity = rf"&(?:amp;)*#(?:0*{code}|x0*{code:x});"
    forms = [re.escape(letter), percent, escaped, entity]
    if letter == "@":
        forms += ["\uff20", "\ufe6b", "&(?:amp;)*commat;"]
    if letter == ".":
        forms += ["\u3002", "\uff0e", "&(?:amp;)*period;"]
    return f"(?:{'|'.join(forms)})"


# Not in the middle of a longer address or name; what is encoded ends with a letter or digit. The
# patterns are read by the engine and by Python alike.
BEFORE = r"(?:^|[^0-9a-z._%+-]|%(?:25)*[0-9a-f]{2}|\\+[nrtbf]|\\+u[0-9a-f]{4})"
AFTER = r"(?:$|[^0-9a-z_.-]|\.(?:$|[^0-9a-z]))"
NOTHING = r"^\b$"
"""A pattern that no text has."""


def mentions(person: Person) -> str:
    """Pattern of a text that names the person by an address, an OpenID or a pseudonym."""
    named = [
        *map(any_writing, sorted(person.addresses | person.openids)),
        # A UUID also without its dashes.
        *(pseudonym.replace("-", "-?") for pseudonym in sorted(person.pseudonyms)),
    ]
    return f"(?i){BEFORE}(?:{'|'.join(named)}){AFTER}" if named else NOTHING


def names_of(person: Person) -> set[str]:
    """The names of the person's accounts."""
    return person.usernames | {name for _, name in person.accounts}


def names_as_value(person: Person) -> str:
    """Pattern of a JSON text, however quoted, in which an account has the person's name."""
    names = sorted(name for name in names_of(person) if is_name("account", name))
    named = "|".join(map(any_writing, names))
    quote = r'\\*"'
    return (
        rf"(?i){quote}(?:user_?)?name{quote}\s*:\s*{quote}(?:{named}){quote}" if named else NOTHING
    )


def names_as_word(person: Person) -> str:
    """Pattern of a text that has a name of the person as a word: it may be somebody else's."""
    names = names_of(person) | person.full_names
    # Numbers and very short names are in any text.
    telling = sorted(re.escape(name) for name in names if len(name) > 2 and not name.isdigit())
    named = "|".join(telling)
    return f"(?i){BEFORE}(?:{named}){AFTER}" if named else NOTHING
