"""Who a learner is: as the LMS has them, as statements name them, and how a text may write that."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from hashlib import sha1
from urllib.parse import unquote_to_bytes

from clickhouse_connect.driver.client import Client

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
NAMED_SO = WHO_SENT + "match(sent, {{written:String}})"
# Of what base did not read the parser says whose it is.
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
"""
)
# The LMS's own are the home pages at which it has an id for the account's name.
HOME_PAGES = f"""
select
    home_page,
    max(isNotNull(toUUIDOrNull(sent)) and lower(sent) in ({{external_ids}})) as is_of_lms
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
    decoded = unquote_to_bytes(sent).decode(errors="surrogateescape")
    decoded = re.sub("[\uff20\ufe6b]", "@", decoded)
    if kind == "mbox" or "@" in decoded:
        address = without_scheme(decoded)
        return _sha1(address) if address else None
    if kind == "mbox_sha1sum" and IS_HASH.fullmatch(sent):
        return sent.lower()
    return _sha1(f"{normal_home_page(home_page)}|{sent}")


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
        """`home_pages` are those whose accounts are the LMS's users, besides those found here."""
        self.client = client
        self.names = names
        self.staging = f"{schema}_staging"
        self.home_pages = {normal_home_page(each) for each in home_pages}
        self.home_pages |= self._home_pages_of_the_lms()
        self.elsewhere: set[tuple[str, str]] = set()
        """Accounts of other home pages that have the name of a user: perhaps somebody else's."""

    def complete(self, person: Person) -> None:
        """Add all that is known of the person, until nothing is new."""
        before = -1
        while person.count() != before:
            before = person.count()
            self._ask_the_lms(person)
            self._ask_statements(person)
            person.pseudonyms |= self._possible_pseudonyms(person)

    def _home_pages_of_the_lms(self) -> set[str]:
        sink = self.names.event_sink_database
        external_ids = (
            f"select toString(external_user_id) from {self.names.event_sink('external_id')}"
            if table_exists(self.client, sink, "external_id")
            else "''"
        )
        query = HOME_PAGES.format(raw=self.names.statements, external_ids=external_ids)
        found = self.client.query(query).result_rows
        # Where all statements come from one, it is the LMS.
        return {
            normal_home_page(home_page)
            for home_page, is_of_lms in found
            if is_of_lms or len(found) == 1
        }

    def _ask_the_lms(self, person: Person) -> None:
        """Numbers of users, their names, addresses and external ids."""
        known = {
            "users": sorted(person.users),
            "usernames": sorted({name.lower() for name in person.usernames}),
            "addresses": sorted({address.lower() for address in person.addresses}),
            "pseudonyms": sorted(person.pseudonyms),
        }
        for table, columns, condition in (
            (
                "external_id",
                "user_id, username, '', '', toString(external_user_id)",
                "toString(external_user_id) in {pseudonyms:Array(String)}",
            ),
            (
                "user_profile",
                "user_id, username, email, name, ''",
                OF_THE_ADDRESS,
            ),
            ("course_enrollment", "user_id, username, '', '', ''", "false"),
        ):
            if not table_exists(self.client, self.names.event_sink_database, table):
                continue
            rows = self.client.query(
                f"select distinct {columns} from {self.names.event_sink(table)} "
                "where user_id in {users:Array(Int64)} "
                f"or lower(username) in {{usernames:Array(String)}} or {condition}",
                parameters=known,
            ).result_rows
            for user, username, address, full_name, external_id in rows:
                person.users.add(user)
                person.usernames |= {username} - {""}
                person.addresses |= {address} - {""}
                person.full_names |= {full_name} - {""}
                person.pseudonyms |= {external_id} - {""}

    def _ask_statements(self, person: Person) -> None:
        """What statements name the person by, and whom they name so."""
        names = {"raw": self.names.statements, "staging": self.staging}
        if person.pseudonyms:
            found = self.client.query(
                SENT_BY.format(**names), parameters={"pseudonyms": sorted(person.pseudonyms)}
            ).result_rows
            for kind, home_page, sent in found:
                # Of an id that two have sent, one row is the other's.
                if pseudonym_of(kind, home_page, sent) in person.pseudonyms:
                    self._take(person, kind, home_page, sent)
        named = [f"(?:mailto:)?{any_writing(address)}" for address in sorted(person.addresses)]
        named += [any_writing(name) for name in sorted(person.usernames | person.openids)]
        if named:
            found = self.client.query(
                NAMED_SO.format(**names),
                parameters={"written": rf"(?i)^\s*(?:{'|'.join(named)})\s*$"},
            ).result_rows
            for kind, home_page, sent in found:
                self._take(person, kind, home_page, sent)

    def _take(self, person: Person, kind: str, home_page: str, sent: str) -> None:
        """Add an actor, unless it is an account of who knows where that has a user's name."""
        pseudonym = pseudonym_of(kind, home_page, sent)
        if pseudonym is None:
            return
        decoded = without_scheme(unquote_to_bytes(sent).decode(errors="replace"))
        is_address = kind == "mbox" or "@" in decoded
        is_name = kind == "account" and not is_address and not IS_PSEUDONYM.fullmatch(sent)
        is_of_the_lms = normal_home_page(home_page) in self.home_pages
        if is_name and not is_of_the_lms and pseudonym not in person.pseudonyms:
            self.elsewhere.add((home_page, sent))
            return
        if is_name:
            person.accounts.add((home_page, sent))
            person.usernames |= {sent} if is_of_the_lms else set()
        elif is_address:
            person.addresses.add(decoded)
        elif kind == "openid":
            person.openids.add(sent)
        person.pseudonyms.add(pseudonym)

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


def names_as_value(person: Person) -> str:
    """Pattern of a JSON text, however quoted, in which an account has the person's name."""
    names = sorted(person.usernames | {name for _, name in person.accounts})
    named = "|".join(map(any_writing, names))
    quote = r'\\*"'
    return (
        rf"(?i){quote}(?:user_?)?name{quote}\s*:\s*{quote}(?:{named}){quote}" if named else NOTHING
    )


def names_as_word(person: Person) -> str:
    """Pattern of a text that has a name of the person as a word: it may be somebody else's."""
    names = person.usernames | person.full_names | {name for _, name in person.accounts}
    # Numbers and very short names are in any text.
    telling = sorted(re.escape(name) for name in names if len(name) > 2 and not name.isdigit())
    named = "|".join(telling)
    return f"(?i){BEFORE}(?:{named}){AFTER}" if named else NOTHING
