"""The WSGI application that web processes serve."""

from django.core.wsgi import get_wsgi_application

import config.celery  # noqa: F401 (names the settings; a payment wakes workers through the app)
from outbox import wake

application = get_wsgi_application()
wake.warm_up()
