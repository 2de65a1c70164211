"""What people do with their accounts."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from outbox.clock import now
from people import pin as pins
from people import throttle
from people.errors import PhoneTaken, WeakPassword, WrongCredentials
from people.models import Pin, Session, User
from people.names import clean_name
from people.phones import is_phone
from people.tokens import new_token, peppered, token_hash

SESSION_LIFE = timedelta(days=30)


def sign_up(*, phone: str, password: str, name: str, pin: str) -> User:
    """Store a new person with a PIN. The wallet is opened by payments.

    Args:
        pin: six ASCII digits.

    Raises:
        PhoneTaken, WeakPassword, WeakPin: nothing is stored.
        ValidationError: phone or name is not of its form.
    """
    user = User(phone=phone, name=clean_name(name))
    user.clean_fields(exclude=["password"])
    _refuse_weak_password(password, user)
    pins.refuse_weak(pin)
    user.password = make_password(password)
    pin_hash = make_password(peppered(pin))
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            Pin.objects.create(user=user, hash=pin_hash)
    except IntegrityError as error:
        raise PhoneTaken from error
    return user


def authenticate(*, phone: str, password: str, address: str) -> User:
    """Return whom phone and password belong to. Every failed try with a phone number counts, see throttle.

    Raises:
        WrongCredentials: also for a number nobody has and for a closed account, after the same time.
        TooManyTries: nothing was compared.
    """
    if not is_phone(phone):  # nobody's: not worth a hash, and too long for a throttle's key
        raise WrongCredentials
    keys = throttle.keys_of(phone=phone, address=address)
    throttle.take(keys)
    user = User.objects.filter(phone=phone, is_active=True).first()
    if user is None:
        make_password(password)  # takes as long as comparing
        raise WrongCredentials
    if not check_password(password, user.password):
        raise WrongCredentials
    throttle.give_back(keys)
    return user


def sign_in(*, phone: str, password: str, address: str) -> tuple[Session, str]:
    """Start an API session for whoever knows the password.

    Returns:
        The session's row and its raw token, which is stored nowhere.

    Raises:
        WrongCredentials, TooManyTries: see `authenticate`.
    """
    return start_session(user_id=authenticate(phone=phone, password=password, address=address).pk)


def start_session(*, user_id: UUID) -> tuple[Session, str]:
    """Start an API session of 30 days; return its row and its raw token, which is stored nowhere."""
    token = new_token()
    session = Session.objects.create(
        token_hash=token_hash(token),
        user_id=user_id,
        kind=Session.Kind.API,
        expires_at=now() + SESSION_LIFE,
    )
    return session, token


def sign_out(*, raw_token: str) -> None:
    """End the session of a token, or what a browser's session remembers of the PIN. Twice does no harm."""
    Session.objects.filter(token_hash=token_hash(raw_token)).delete()


def forget_ended() -> None:
    """Delete sessions and throttle windows that are over."""
    Session.objects.filter(expires_at__lt=now()).delete()
    throttle.forget_ended()


def _refuse_weak_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(errors={"password": error.messages}) from error
