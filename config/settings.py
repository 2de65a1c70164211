"""Settings of the one Django project. Everything a deployment decides comes from the environment."""

from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import env
from wallet.headers import static_headers

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.flag("DEBUG")
DEMO = env.flag("DEMO")  # sign-up, top-ups, loopback codes and cookies without TLS; never in production
LOCAL = DEBUG or DEMO

SECRET_KEY = env.text("SECRET_KEY", "only-for-development" if DEBUG else None)
PIN_PEPPER = env.text("PIN_PEPPER", "only-for-development" if DEBUG else None)
DEVICE_MASTER_KEY = env.key("DEVICE_MASTER_KEY", size=32)
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000" if LOCAL else None).rstrip("/")
if not LOCAL and not PUBLIC_URL.lower().startswith("https://"):
    raise ImproperlyConfigured("PUBLIC_URL must start with https:// unless DEMO=1 or DEBUG=1.")
if DEMO and env.is_public(PUBLIC_URL):
    raise ImproperlyConfigured("DEMO=1 makes money out of nothing: PUBLIC_URL must not be on the internet.")

ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if LOCAL else PUBLIC_URL.split("://")[1].split(":")[0]
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

CURRENCY = env.text("CURRENCY", "CNY")
BUSINESS_TIME_ZONE = env.text("BUSINESS_TIME_ZONE", "Asia/Shanghai")

# Who pays withdrawals out: the demo's own bank, or files that a person takes to a real one and back.
BANK = env.text("BANK", "demo" if DEMO else "files")
if BANK not in {"demo", "files"}:
    raise ImproperlyConfigured(f"BANK must be demo or files, not {BANK!r}.")
if BANK == "demo" and not LOCAL:
    raise ImproperlyConfigured("BANK=demo pays nobody: it needs DEMO=1 or DEBUG=1.")
# Our own account at the real bank, from which payout files pay.
BANK_DEBTOR_NAME = env.text("BANK_DEBTOR_NAME", "")
BANK_DEBTOR_ACCOUNT = env.text("BANK_DEBTOR_ACCOUNT", "").replace(" ", "")
BANK_DEBTOR_BIC = env.text("BANK_DEBTOR_BIC", "")

INSTALLED_APPS = [
    "wallet",
    "devices",
    "merchants",
    "payments",
    "people",
    "outbox",
    "simulator",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "config.middleware.request_id",
    "config.middleware.no_store",
    "config.middleware.size_limit",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": env.database("DATABASE_URL")
    | {
        "CONN_MAX_AGE": None,  # a new connection costs more than the payment it carries
        "CONN_HEALTH_CHECKS": True,  # a restarted database must not fail the next request
        "OPTIONS": {"application_name": "saoma", "connect_timeout": 5},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["people.backends.PhoneBackend"]
PASSWORD_HASHERS = ["people.hashers.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["phone", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "wallet:sign-in"
LOGIN_REDIRECT_URL = "wallet:home"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese")), ("zh-hans", _("Simplified Chinese"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = BUSINESS_TIME_ZONE

STATIC_URL = "static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(BASE_DIR / "static_root"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers

# What a page may load: its own files and nothing else. The scan page alone adds 'wasm-unsafe-eval'.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:", "mediastream:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = not LOCAL
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY") else None
SECURE_HSTS_SECONDS = 0 if LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # no request of ours is larger

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "people.authentication.BearerSession",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.strict_json.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "config.pages.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "UNICODE_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Saoma",
    "DESCRIPTION": "Pay by QR code; machines start because they were paid.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "PREPROCESSING_HOOKS": ["config.openapi.only_the_api"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.openapi.add_problems"],
    "ENUM_NAME_OVERRIDES": {
        "CodeKind": "payments.models.Code.Kind",
        "CommandStatus": "devices.states.CommandStatus",
        "PaymentStatus": "payments.models.Payment.Status",
        "PayableKind": "payments.serializers.KINDS",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

REDIS_URL = env.text("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
# A dead Redis is noticed at once and nobody waits for it: the rows are the retry, the queue only wakes.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 0.2}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_DB_REUSE_MAX = 10**9  # Celery would reconnect for every task; config/celery.py drops what broke
CELERY_TIMEZONE = BUSINESS_TIME_ZONE
# A tick that was not taken within its second is worthless: the next one finds the same rows.
CELERY_BEAT_SCHEDULE = {
    "devices-sweep": {
        "task": "devices.tasks.sweep",
        "schedule": 1.0,
        "options": {"queue": "machines", "expires": 1},
    },
    "devices-watch": {"task": "devices.tasks.watch", "schedule": 5.0, "options": {"expires": 5}},
    "devices-discover": {"task": "devices.tasks.discover", "schedule": 60.0, "options": {"expires": 60}},
    "outbox-sweep": {
        "task": "outbox.tasks.sweep",
        "schedule": 1.0,
        "options": {"queue": "default", "expires": 1},
    },
    "bank-sweep": {
        "task": "payments.bank.tasks.sweep",
        "schedule": 1.0,
        "options": {"queue": "default", "expires": 1},
    },
    "payments-expire-codes": {
        "task": "payments.tasks.expire_codes",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "payments-audit": {"task": "payments.tasks.audit_ledger", "schedule": 60.0, "options": {"expires": 60}},
    "payments-audit-in-full": {
        "task": "payments.tasks.audit_ledger",
        "schedule": crontab(hour="3", minute="17"),  # when the fewest people wait
        "kwargs": {"full": True},
        "options": {"expires": 3600},
    },
    "payments-watch": {
        "task": "payments.tasks.watch_payments",
        "schedule": 300.0,
        "options": {"queue": "default", "expires": 300},
    },
    "people-purge": {
        "task": "people.tasks.purge",
        "schedule": 24 * 3600.0,
        "options": {"queue": "default", "expires": 3600},
    },
}

AUDIT_SECOND_LOOK_S = env.number("AUDIT_SECOND_LOOK_S", 10)  # a few sweeps after a suspicion

# The promise's clock, in seconds; docs/machines.md says why each is what it is. Wire tests shorten them.
MQTT_URL = env.text("MQTT_URL")
COMMAND_EXPIRY_S = env.number("COMMAND_EXPIRY_S", 30)
GRACE_S = env.number("GRACE_S", 60)
SLOW_GRACE_S = env.number("SLOW_GRACE_S", 300)
NO_START_S = env.number("NO_START_S", 20)
ONLINE_S = env.number("ONLINE_S", 75)
HOME_ASSISTANT_PREFIX = env.text("HOME_ASSISTANT_PREFIX", "").strip("/")  # empty: it is told nothing
ANNOUNCE_EXPIRY_S = env.number("ANNOUNCE_EXPIRY_S", 60)
GATEWAY_SILENT_S = env.number("GATEWAY_SILENT_S", 15)
GATEWAY_RETURN_S = env.number("GATEWAY_RETURN_S", 30)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "config.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}
    },
    "loggers": {
        # Two lines for every tick of every sweep would bury what matters; failures still appear.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}
