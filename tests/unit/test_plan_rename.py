"""A definition under another name: the name in every place that means the container, and nothing else."""

from __future__ import annotations

import pytest

from nixos_containers.base.errors import UsageError
from nixos_containers.plan.imperative import Wish, definition_text
from nixos_containers.plan.rename import renamed_definition, with_addresses

TEXT = definition_text("web", Wish(ports="8080:80"), ("10.233.1.1", "10.233.1.2"), 'environment.etc."web".text = "web";')


def test_only_the_containers_own_name_changes() -> None:
    text = renamed_definition(TEXT, "web", "shop")
    assert text.startswith("# The container ‘shop’, made by")
    assert "update shop\n" in text and "containers.shop = {" in text
    assert 'environment.etc."web".text = "web";' in text
    assert renamed_definition(text, "shop", "web") == TEXT


def test_a_longer_name_that_begins_the_same_is_another() -> None:
    with pytest.raises(UsageError):
        renamed_definition("{ containers.web-test = { }; }", "web", "shop")
    assert renamed_definition("{ containers.web.autoStart = true; }", "web", "shop") == "{ containers.shop.autoStart = true; }"


def test_a_copy_has_its_own_addresses_and_no_forwards() -> None:
    text, lost = with_addresses(TEXT, ("10.233.7.1", "10.233.7.2"))
    assert lost and "forwardPorts" not in text
    assert 'hostAddress = "10.233.7.1";' in text and 'localAddress = "10.233.7.2";' in text
    assert "6 = " not in text, "a container of IPv4 only stays that"
    again, lost = with_addresses(text, ("10.233.8.1", "10.233.8.2"))
    assert not lost and "10.233.7" not in again
    assert with_addresses("{ containers.a = { }; }", ("1", "2")) == ("{ containers.a = { }; }", False)
