"""Who asks, what they may do, and how they are known: tokens of an OpenID Connect issuer, API keys, or development mode."""

from yingzhi.service.identity.access import allowed, enter
from yingzhi.service.identity.identity import Identity
from yingzhi.service.identity.keys import SCHEMA, ApiKey
from yingzhi.service.identity.local import NOTICE, DevelopmentHeader
from yingzhi.service.identity.principal import DEV, PERMISSIONS, ROLES, Permission, Principal, Role
from yingzhi.service.identity.refusals import RESPONSES
from yingzhi.service.identity.settings import IdentitySettings
from yingzhi.service.identity.start import check_start

__all__ = [
    "DEV",
    "NOTICE",
    "PERMISSIONS",
    "RESPONSES",
    "ROLES",
    "SCHEMA",
    "ApiKey",
    "DevelopmentHeader",
    "Identity",
    "IdentitySettings",
    "Permission",
    "Principal",
    "Role",
    "allowed",
    "check_start",
    "enter",
]
