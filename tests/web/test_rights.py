"""Rights: every staff page × every role and action × one's own contest and a foreign one.

All cases come from the application's own addresses: a page that is added is tried too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.routing import Map, Rule
from werkzeug.test import TestResponse

from quizengine import Participant, QuizEngine
from quizengine.core.contest import Contest
from quizengine.services import accounts, attempts, contests, essays, people
from quizengine.services.papers import Papers
from quizengine.services.transaction import transaction
from quizengine.store.tables import ParticipantRow
from quizengine.web.rights import ACTIONS, ANYWHERE, RIGHTS, ROLES, STAFF_PATH, Action
from tests.web.conftest import close_site, make_site
from tests.web.site import ESSAY, EVENING, PASSWORD, ROUND, SLUG, Clock, Site, fill, sample_contest

FOREIGN = "hoi-thi-khac"
DRAFT = "ban-nhap"
OWN_WORDS = ("Trần Minh Khuê", "0900000456", "Khoản riêng của khuê")
FOREIGN_WORDS = ("Ngô Diễm Quỳnh", "0900000027", "Lời riêng của quỳnh", "Tên kín đáo")
DRAFT_WORDS = ("Bản nháp rất kín",)
SECRETS = (*OWN_WORDS, *FOREIGN_WORDS, *DRAFT_WORDS)
OPENED = {200, 303, 400, 404, 405, 409, 413, 422}
"""What an allowed person may meet; a refusal is 401 or 403 and a crash is 500."""
JSON = {"Accept": "application/json"}


@dataclass(frozen=True)
class Page:
    """One staff address with one method."""

    endpoint: str
    path: str
    method: str
    slug: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def contest_called(slug: str, title: str) -> Contest:
    """Return the sample contest under another name."""
    contest = sample_contest()
    return replace(contest, slug=slug, title=dict.fromkeys(contest.languages, title))


def furnish(engine: Engine) -> dict[tuple[str, str], str]:
    """Put another open contest, a draft and people to the sample; return what they are called."""
    drafts = ((FOREIGN, FOREIGN_WORDS[-1]), (DRAFT, DRAFT_WORDS[0]))
    with Session(engine) as session, transaction(session):
        for slug, title in drafts:
            contests.load_contest(session, contest_called(slug, title), now=EVENING, actor="test")
        contests.open_contest(session, FOREIGN, now=EVENING, actor="test")
    found = {}
    for slug, (name, phone, text, *_) in ((SLUG, OWN_WORDS), (FOREIGN, FOREIGN_WORDS)):
        for number, person in enumerate((phone, f"{phone}-2")):
            enrol(engine, slug, person, f"{name} {number}", phone[:-1] + str(number), text)
        with Session(engine) as session, transaction(session):
            scan = essays.scan_contest(session, slug)
            for part in scan.parts:
                essays.store_matches(session, scan, part)
            match = essays.read_matches(session, slug)[0]
            row = session.scalar(select(ParticipantRow.id).where(ParticipantRow.person == phone))
            started = attempts.start_attempt(
                session, slug, ROUND, person=phone, now=EVENING, papers=Papers()
            )
        found[slug, "number"] = str(row)
        found[slug, "public_id"] = started.public_id
        found[slug, "code_a"] = essays.essay_code(match.id_a)
        found[slug, "code_b"] = essays.essay_code(match.id_b)
    return found


def enrol(engine: Engine, slug: str, person: str, name: str, phone: str, text: str) -> None:
    """Register somebody and hand in an essay of theirs."""
    fields = {"full_name": name, "phone": phone, "unit": "VL-001", "role": "can-bo-co-so"}
    with Session(engine) as session, transaction(session):
        people.register(
            session,
            slug,
            person=person,
            fields=fields,
            consents=("hien-ket-qua",),
            is_staff=False,
            now=EVENING,
        )
        essays.submit_essay(
            session, slug, person=person, text=f"{text}. {ESSAY}", sequence=1, now=EVENING
        )


def staff_rules(addresses: Map) -> Iterator[Rule]:
    """Yield every address of staff's."""
    for rule in addresses.iter_rules():
        if STAFF_PATH in rule.rule or rule.endpoint in RIGHTS:
            yield rule


def methods(rule: Rule) -> set[str]:
    """Return the methods of an address that are tried."""
    return set(rule.methods or ()) & {"GET", "POST"}


def pages(
    addresses: Map, slug: str, objects: Mapping[tuple[str, str], str], objects_of: str = ""
) -> list[Page]:
    """Return every staff page of a contest; ``objects_of`` takes another contest's objects."""
    made = []
    for rule in staff_rules(addresses):

        def fill_in(part: re.Match[str]) -> str:
            choices, name = part[1], str(part[2])
            if name == "slug":
                return slug
            if choices and choices.startswith("any"):
                return str(re.findall(r"[\w-]+", choices)[1])
            length = re.fullmatch(r"string\(length=(\d+)\)", choices or "")
            unknown = "a" * int(length[1]) if length else "1"
            return objects.get((objects_of or slug, name), unknown)

        path = re.sub(r"<(?:([^:<>]*):)?(\w+)>", fill_in, rule.rule)
        assert addresses.bind("").match(path, method="GET" if "GET" in methods(rule) else "POST")
        has_slug = "slug" in rule.arguments
        for method in sorted(methods(rule)):
            made.append(Page(rule.endpoint, path, method, slug if has_slug else None))
    return sorted(made, key=lambda page: (page.method, page.path))


def ask(client: FlaskClient, page: Page, token: str, **headers: str) -> TestResponse:
    """Return the answer to a request that carries its token, asked for as a script does."""
    if page.method == "GET":
        return client.get(page.path, headers=headers)
    return client.post(page.path, data={"csrf_token": token}, headers={**JSON, **headers})


def leaks(response: TestResponse, secrets: Iterable[str]) -> list[str]:
    """Return the secrets that a response holds."""
    return [word for word in secrets if word in response.text]


def token_on(client: FlaskClient, path: str) -> str:
    """Return the token of the forms of a page."""
    found = re.search(r'name="csrf_token" value="([^"]*)"', client.get(path).text)
    assert found, path
    return found[1]


@dataclass(frozen=True)
class Office:
    """The reference deployment with a log-in of every role, and what its objects are called."""

    site: Site
    objects: Mapping[tuple[str, str], str]
    clients: Mapping[str, FlaskClient]
    tokens: Mapping[str, str]

    def pages(self, slug: str) -> list[Page]:
        """Return every staff page of a contest."""
        return pages(self.site.app.url_map, slug, self.objects)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The reference deployment, its contests and its people."""
    folder: Path = tmp_path_factory.mktemp("office")
    made = make_site(folder)
    objects = furnish(made.engine)
    clients = {"nobody": made.reader().client}
    for role in get_args(accounts.Role):
        with Session(made.engine) as session, transaction(session):
            accounts.create_account(
                session, login=role, name=role, password=PASSWORD, role=role, now=EVENING
            )
        reader = made.reader()
        reader.open("/dang-nhap")
        reader.send(login=role, password=PASSWORD)
        clients[role] = reader.client
    tokens = {role: token_on(client, "/dang-nhap") for role, client in clients.items()}
    yield Office(made, objects, clients, tokens)
    close_site(made)


def test_every_staff_page_names_its_right_and_every_right_has_its_page(site: Site) -> None:
    endpoints = {rule.endpoint for rule in staff_rules(site.app.url_map)}
    assert endpoints == set(RIGHTS)
    for actions in RIGHTS.values():
        assert actions
        assert set(actions) <= set(ACTIONS)


def test_every_role_has_its_actions() -> None:
    assert set(ROLES) == set(get_args(accounts.Role))
    assert set(get_args(Action)) == set(ACTIONS)


@pytest.mark.parametrize("role", ["nobody", "participant", "jury", "reporter", "auditor"])
def test_what_a_role_may_not_do_is_refused_and_tells_nothing(office: Office, role: str) -> None:
    client, refused = office.clients[role], 0
    for page in (*office.pages(SLUG), *office.pages(DRAFT), *office.pages("khong-co")):
        if ROLES.get(role, frozenset()) & set(RIGHTS[page.endpoint]):
            continue
        answer = ask(client, page, office.tokens[role])
        if role == "nobody" and page.method == "GET":
            assert (answer.status_code, answer.location[:10]) == (303, "/dang-nhap"), page
        elif role == "nobody":
            assert answer.status_code == 401, page
        else:
            assert answer.status_code == 403, page
        if page.method == "POST":
            expected = "web.not_logged_in" if role == "nobody" else "web.not_allowed"
            assert answer.json is not None, page
            assert answer.json["code"] == expected, page
        assert not leaks(answer, SECRETS), page
        refused += 1
    assert refused > 20


@pytest.mark.parametrize("role", ["owner", "organiser", "jury", "reporter", "auditor"])
def test_what_a_role_may_do_opens(office: Office, role: str) -> None:
    client, opened = office.clients[role], []
    for page in office.pages(SLUG):
        if page.method == "GET" and ROLES[role] & set(RIGHTS[page.endpoint]):
            answer = ask(client, page, "")
            assert answer.status_code in OPENED, page
            opened += [page.endpoint] if answer.status_code == 200 else []
    assert "quiz.desk" in opened


def test_a_draft_is_for_its_organisers_alone(office: Office) -> None:
    for role, client in office.clients.items():
        if "organise" in ROLES.get(role, ()):
            continue
        for page in (*office.pages(SLUG), *office.pages(DRAFT)):
            if page.method == "GET":
                assert not leaks(client.get(page.path), DRAFT_WORDS), (role, page)


def test_juries_and_reporters_see_no_names(office: Office) -> None:
    for role in ("jury", "reporter"):
        for page in office.pages(SLUG):
            if page.method == "GET":
                answer = office.clients[role].get(page.path)
                assert not leaks(answer, OWN_WORDS[:2]), (role, page)


def test_tabs_lead_only_where_one_may_go(office: Office) -> None:
    for role in ("owner", "organiser", "jury", "reporter", "auditor"):
        client = office.clients[role]
        seen = {"/thi/to-chuc/"}
        for page in office.pages(SLUG):
            if page.method == "GET" and (answer := client.get(page.path)).status_code == 200:
                seen |= set(re.findall(r'href="(/[^"#?]*)', answer.text))
        for path in sorted(seen):
            if STAFF_PATH in path:
                assert client.get(path).status_code in (200, 303), (role, path)


# A host with rights in one contest. A case is one header: what the person may do, and where.


@dataclass(frozen=True)
class Portal:
    """A host whose answers to ``allow`` stand in a header of the request."""

    app: Flask
    client: FlaskClient
    objects: Mapping[tuple[str, str], str]
    token: str


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A host with the two contests."""
    app, db = Flask("portal"), SQLAlchemy()
    file = tmp_path_factory.mktemp("portal") / "portal.sqlite3"
    app.config.update(SECRET_KEY="portal", SQLALCHEMY_DATABASE_URI=f"sqlite:///{file}")
    db.init_app(app)
    QuizEngine().init_app(
        app,
        db=db,
        participant=lambda: Participant("7", "Lê Hoài An"),
        allow=lambda action, scope: f"{action}@{scope}" in request.headers.get("Rights", ""),
        clock=Clock(),
    )
    with app.app_context():
        engine = db.engine
        fill(engine, EVENING)
        objects = furnish(engine)
        client = app.test_client()
        client.set_cookie("quiz_language", "vi")
    token = token_on(client, f"/thi/{SLUG}/dang-ky")
    yield Portal(app, client, objects, token)
    with app.app_context():
        app.extensions["quizengine"].writer().close()
        engine.dispose()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_right_in_one_contest_opens_nothing_of_another(portal: Portal, action: Action) -> None:
    rights = f"{action}@{SLUG}"
    for page in pages(portal.app.url_map, FOREIGN, portal.objects):
        answer = ask(portal.client, page, portal.token, Rights=rights)
        is_open = page.endpoint in ANYWHERE and action in RIGHTS[page.endpoint]
        assert (answer.status_code in OPENED) if is_open else (answer.status_code == 403), page
        assert not leaks(answer, (*FOREIGN_WORDS, *DRAFT_WORDS)), page


@pytest.mark.parametrize("action", ACTIONS)
def test_objects_of_another_contest_are_not_found_under_ones_own(
    portal: Portal, action: Action
) -> None:
    for page in pages(portal.app.url_map, SLUG, portal.objects, objects_of=FOREIGN):
        answer = ask(portal.client, page, portal.token, Rights=f"{action}@{SLUG}")
        is_in_scope = page.slug is not None or page.endpoint in ANYWHERE
        if action not in RIGHTS[page.endpoint] or not is_in_scope:
            assert answer.status_code == 403, page
        elif {"number", "code_a", "public_id"} & _arguments(portal.app, page.endpoint):
            assert answer.status_code in (303, 404) if page.method == "GET" else 404, page
        else:
            assert answer.status_code in OPENED, page
        assert not leaks(answer, FOREIGN_WORDS), page


def _arguments(app: Flask, endpoint: str) -> set[str]:
    return set().union(*(rule.arguments for rule in app.url_map.iter_rules(endpoint)))


def test_a_page_that_names_no_right_is_shut_to_everybody(site: Site) -> None:
    """Even to the owner: a page may forget its entry and not its lock."""
    site.app.url_map.add(Rule("/thi/to-chuc/quen", endpoint="quiz.home"))
    organiser = site.organiser()
    assert organiser.client.get("/thi/to-chuc/quen").status_code == 403
    assert site.reader().client.get("/thi/to-chuc/quen").status_code == 303
