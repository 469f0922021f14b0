"""Makes the tables of Django and django-allauth in the file that is named, users through the pages of allauth, and a few rows
that the pages would not make. Prints what Django itself reads of the users."""

import json
import re
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="for this test",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF="allauth.urls",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "allauth",
        "allauth.account",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    ACCOUNT_SIGNUP_FIELDS=["email*", "username*", "password1*"],
    ACCOUNT_RATE_LIMITS=False,
)
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core import mail  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

call_command("migrate", verbosity=0)
mail.outbox = []


def post(client, path, **fields):
    answer = client.post(path, fields)
    assert answer.status_code == 302, (path, answer.status_code, answer.content)


def confirm(client):
    post(client, re.search(r"/confirm-email/[^/\s]+/", mail.outbox[-1].body).group())


def sign_up(username, email):
    client = Client()
    post(client, "/signup/", username=username, email=email, password1="correct horse")
    return client


ada = sign_up("Ada", "ada@example.com")
confirm(ada)
post(ada, "/email/", action_add="", email="Ada@Work.example")
confirm(ada)
post(ada, "/email/", action_primary="", email="ada@work.example")
post(ada, "/email/", action_add="", email="ada@third.example")
sign_up("ben", "ben@example.com")
User.objects.filter(username="Ada").update(first_name="Ada", last_name="Lovelace")
# Made on the command line, past allauth; and one who signs in with the address as a name.
User.objects.create_superuser("root", "root@example.com")
User.objects.create_user("cy@example.com", "cy@example.com", is_active=False)
User.objects.create_user("nobody")

# What another program, or an earlier version, may have left.
left = {}


def spoil(what, email, verified=False):
    user = User.objects.create_user(what)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    left[what] = user.id


spoil("twin", "ADA@example.com", verified=True)
spoil("invalid", "no address")
left["spaced"] = User.objects.create_user("di d").id
left["twice"] = User.objects.create_user("twice", "twice@example.com").id
for email in ["dee@example.com", "DEE@example.com"]:
    EmailAddress.objects.create(user_id=left["twice"], email=email)

users = [
    {
        "id": user.id,
        "username": user.username,
        "active": user.is_active,
        "joined": user.date_joined.isoformat(),
        "name": [user.first_name, user.last_name],
        "email": user.email,
        "emails": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
    }
    for user in User.objects.exclude(id__in=left.values())
]
print(json.dumps({"users": users, "left": left}))
