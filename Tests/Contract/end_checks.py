"""The last checks of a running Subgate: how it ends."""

from service import service


def check_it_is_ready_after_all_that_and_sigterm_ends_it_with_zero() -> None:
    assert service().process.poll() is None, "it ended by itself"
    assert service().stop() == 0
