"""The tests reach nobody outside this machine, and whoever is on it."""

import socket
from urllib.error import URLError
from urllib.request import urlopen

import pytest

# An address of nobody: RFC 5737.
NOBODY = "192.0.2.1"


@pytest.mark.parametrize("knock", ["connect", "connect_ex"])
def test_no_line_goes_out(knock: str) -> None:
    with socket.socket() as line, pytest.raises(RuntimeError, match=NOBODY):
        getattr(line, knock)((NOBODY, 80))


def test_no_name_is_looked_up() -> None:
    with pytest.raises(RuntimeError, match=r"doorbell\.example"):
        socket.create_connection(("doorbell.example", 80))


def test_a_neighbour_on_the_machine_is_heard() -> None:
    with socket.create_server(("127.0.0.1", 0)) as neighbour:
        socket.create_connection(neighbour.getsockname()).close()
        neighbour.accept()[0].close()


def test_a_library_meets_the_same_door() -> None:
    with pytest.raises((RuntimeError, URLError), match=r"doorbell\.example"):
        urlopen("http://doorbell.example/")
