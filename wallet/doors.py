"""Opening and closing a browser's session."""

from django.contrib.auth import login, logout
from django.http import HttpRequest

from payments import accounts
from people import services
from people.addresses import address_of
from people.authentication import session_token
from people.models import User

_BACKEND = "people.backends.PhoneBackend"


def enter(request: HttpRequest, *, phone: str, password: str) -> None:
    """Sign a person in.

    Raises:
        WrongCredentials, TooManyTries: nobody was signed in.
    """
    user = services.authenticate(phone=phone, password=password, address=address_of(request))
    login(request, user, backend=_BACKEND)


def enter_first(request: HttpRequest, *, phone: str, password: str, name: str, pin: str) -> None:
    """Open an account with a wallet, and sign its owner in.

    Raises:
        PhoneTaken, WeakPassword, WeakPin, ValidationError: nothing was made.
    """
    user: User = services.sign_up(phone=phone, password=password, name=name, pin=pin)
    accounts.open_wallet(user_id=user.pk, name=user.name)
    login(request, user, backend=_BACKEND)


def leave(request: HttpRequest) -> None:
    """Sign out, and forget what this session knew of the PIN."""
    services.sign_out(raw_token=session_token(request))
    logout(request)
