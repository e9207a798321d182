"""The forms of the pages: they carry what was typed, and the use cases say if it is right."""

from __future__ import annotations

from flask import request
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from quizengine.core.contest import Contest, Need
from quizengine.errors import InvalidInput
from quizengine.web.languages import text
from quizengine.web.security import TokenForm


def require_fields(*names: str) -> None:
    """Raise ``InvalidInput`` unless the sent form has the fields that its page always sends.

    What is missing would count as emptied: a form cut short must not clear what is saved.
    """
    if any(name not in request.form for name in names):
        raise InvalidInput("web.incomplete_form")


class RegistrationForm(TokenForm):
    """The declared fields of a contest's registration, and its consents."""

    full_name = StringField()
    phone = StringField()
    birth_year = StringField()
    staff_code = StringField()
    role = RadioField(validate_choice=False)
    unit = StringField()
    #: The unit's code, once one of several was chosen.
    unit_code = RadioField(validate_choice=False)
    #: The name of a unit that is not listed, and the unit above it.
    unit_typed = StringField()
    parent = StringField()
    parent_code = RadioField(validate_choice=False)
    #: How the name is printed, once it was asked.
    printed = RadioField(validate_choice=False)
    consents = SelectMultipleField(validate_choice=False)
    #: The account that is made with it; the phone number is the log-in where it is asked for.
    login = StringField()
    password = PasswordField()

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the names of the contest's own fields, in the order of the page."""
        return tuple(name for name in FIELDS if name in self)


FIELDS = ("full_name", "phone", "birth_year", "staff_code", "role", "unit")


def shape(form: RegistrationForm, contest: Contest, *, signs_up: bool) -> RegistrationForm:
    """Return the form with the fields that the contest, and the new account, ask for."""
    for name in FIELDS:
        if contest.registration.fields.get(name, Need.OFF) is Need.OFF:
            del form[name]
    if not signs_up:
        del form.password
    if not signs_up or "phone" in form:
        del form.login
    if "role" in form:
        form.role.choices = [
            (code, text(title)) for code, title in contest.eligibility.roles.items()
        ]
    return form


class StartForm(TokenForm):
    """Starting an attempt; ticked when there is less time than the limit."""

    short_time = BooleanField()


class EssayForm(TokenForm):
    """An essay as the person is writing it."""

    text = TextAreaField()
    #: Tells which draft the page was made from.
    sequence = IntegerField(validators=[Optional()])
    #: A file's text may take the place of what stands in the box.
    replace = BooleanField()


class HandInForm(TokenForm):
    """Handing in the essay that the page has just shown."""

    sequence = IntegerField(validators=[Optional()])


class AmendmentForm(TokenForm):
    """Which round changes, until when, and why."""

    round = StringField()
    #: A local time of the contest's zone, like ``2026-08-22T22:30``.
    closes_at = StringField()
    reason = TextAreaField()


class AttemptForm(TokenForm):
    """How many minutes an attempt gets, and why."""

    minutes = StringField()
    reason = TextAreaField()
    given = HiddenField()
    """The extra time so far that the page showed, in milliseconds."""


class VoidForm(TokenForm):
    """Which attempt is void, and why."""

    attempt = StringField()
    reason = TextAreaField()


class LogInForm(TokenForm):
    """Logging in to the reference deployment."""

    login = StringField()
    password = PasswordField()
    next = HiddenField()


class CodeForm(TokenForm):
    """Logging in to the reference deployment by a code."""

    login = StringField()
    code = StringField()
    next = HiddenField()


class PasswordForm(TokenForm):
    """Changing one's password; the old one is asked for unless a code let the person in."""

    old_password = PasswordField()
    password = PasswordField()
    ends_others = BooleanField()
    next = HiddenField()


class AccountForm(TokenForm):
    """Making an account in the reference deployment."""

    name = StringField()
    login = StringField()
    password = PasswordField()
    next = HiddenField()


class StaffForm(TokenForm):
    """Making an account of staff in the reference deployment."""

    name = StringField()
    login = StringField()
    role = StringField()
