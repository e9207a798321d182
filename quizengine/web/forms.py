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
    consents = SelectMultipleField(validate_choice=False)

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the names of the contest's own fields, in the order of the page."""
        return tuple(name for name in FIELDS if name in self)


FIELDS = ("full_name", "phone", "birth_year", "staff_code", "role", "unit")


def shape(form: RegistrationForm, contest: Contest) -> RegistrationForm:
    """Return the form with the fields that the contest asks for and no others."""
    for name in FIELDS:
        if contest.registration.fields.get(name, Need.OFF) is Need.OFF:
            del form[name]
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


class HandInForm(TokenForm):
    """Handing in the essay that the page has just shown."""

    sequence = IntegerField(validators=[Optional()])


class VoidForm(TokenForm):
    """Which attempt is void, and why."""

    attempt = StringField()
    reason = TextAreaField()


class LogInForm(TokenForm):
    """Logging in to the reference deployment."""

    login = StringField()
    password = PasswordField()
    next = HiddenField()


class AccountForm(TokenForm):
    """Making an account in the reference deployment."""

    name = StringField()
    login = StringField()
    password = PasswordField()
    next = HiddenField()
