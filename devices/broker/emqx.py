"""What EMQX 5 must be told so that it asks us about its clients. Machines do not stand in it."""

from django.conf import settings

from devices import keys
from devices.broker.users import Devices

# What is not answered is refused. The cache is how long a revoked machine may still publish, heard by nobody.
TEXT = """\
authentication = [
  {{
    mechanism = password_based, backend = http, enable = true, method = post
    url = "{url}/mqtt/auth"
    headers {{ "content-type" = "application/json", authorization = "Bearer {secret}" }}
    body {{ username = "${{username}}", password = "${{password}}", clientid = "${{clientid}}" }}
  }}
]
authorization {{
  no_match = deny
  deny_action = ignore
  cache {{ enable = true, ttl = 5s }}
  sources = [
    {{
      type = http, enable = true, method = post
      url = "{url}/mqtt/acl"
      headers {{ "content-type" = "application/json", authorization = "Bearer {secret}" }}
      body {{ username = "${{username}}", action = "${{action}}", topic = "${{topic}}" }}
    }}
  ]
}}
"""


def render(devices: Devices) -> dict[str, str]:
    """Return the contents of the file, under the empty name: there is only one."""
    return {"": TEXT.format(url=settings.PUBLIC_URL, secret=keys.http_secret())}
