"""Where a check plays: one browser of one size, the merchant's web page that it visits, and the merchant."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from host import Host
from webdriver import Browser

if TYPE_CHECKING:
    from merchant import Merchant


@dataclass
class Stage:
    browser: Browser
    host: Host
    # None only for checks that need no Subgate.
    seller: "Merchant | None" = None
    # Screens that were judged in full, and in which look.
    judged: set[tuple[str, str]] = field(default_factory=set)

    @property
    def width(self) -> int:
        return self.browser.width

    @property
    def is_phone(self) -> bool:
        return self.width < 768

    @property
    def merchant(self) -> "Merchant":
        assert self.seller is not None
        return self.seller
