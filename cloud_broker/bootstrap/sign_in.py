"""The composition of signing in by the company's own accounts."""

from cloud_broker.adapters.oidc_http import HttpOidc
from cloud_broker.bootstrap.office import Office
from cloud_broker.console.sign_in import BACK
from cloud_broker.services.access.oidc import LinkDesk, OidcDesk


def oidc_desk(office: Office) -> OidcDesk | None:
    """Put the desk together, None where no service is set."""
    settings = office.settings
    if settings.oidc is None:
        return None
    secret = settings.oidc_secret.get_secret_value()
    provider = HttpOidc(
        settings.oidc.issuer, settings.oidc.client_id, secret, office.clock, settings.oidc.scopes
    )
    return OidcDesk(
        office.units,
        office.clock,
        office.ids,
        office.keys,
        office.access,
        provider,
        back=settings.url_for_stores.rstrip("/") + BACK,
        tenant=settings.tenant,
        label=settings.oidc.label,
    )


def link_desk(office: Office) -> LinkDesk:
    """Put the desk of words together."""
    return LinkDesk(office.units, office.clock)
