"""Services that people put into containers, and the guest's firewall, as seen from the host and from inside."""

from __future__ import annotations

import socket
import subprocess
import urllib.request

import pytest

from .conftest import Host, wait_until

NAME, ADDRESS = "nctservices", "10.213.41.2"
OTHER, OTHER_ADDRESS = "nctnetworkd", "10.213.42.2"
SHARED = "nctshared"

# A server of one program that is in every guest: the store's busybox.
LISTENER = 'systemd.services.listener%(port)d = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart = "${pkgs.staticBusybox}/bin/busybox httpd -f -p %(port)d"; };'


def definition(firewall: str) -> str:
    return f"""
{{
  containers.{NAME} = {{
    autoStart = true;
    privateNetwork = true;
    hostAddress = "10.213.41.1";
    localAddress = "{ADDRESS}";
    config = {{ config, lib, pkgs, ... }}: {{
      system.stateVersion = "24.11";
      services.nginx = {{
        enable = true;
        virtualHosts.localhost = {{
          default = true;
          root = pkgs.writeTextDir "index.html" "hello from nginx";
          locations."/proxied/".proxyPass = "http://127.0.0.1:8081/";
        }};
      }};
      services.postgresql = {{
        enable = true;
        ensureDatabases = [ "alice" ];
        ensureUsers = [ {{ name = "alice"; ensureDBOwnership = true; }} ];
        extensions = ps: [ ps.semver ];
        initialScript = pkgs.writeText "first.sql" "create role first;";
      }};
      systemd.services.postgresql-setup.script = lib.mkAfter "psql -c 'ALTER USER alice CONNECTION LIMIT 7'";
      systemd.services.needs-database = {{
        wantedBy = [ "multi-user.target" ];
        requires = [ "postgresql.target" ];
        after = [ "postgresql.target" ];
        serviceConfig = {{ Type = "oneshot"; RemainAfterExit = true; User = "alice"; }};
        script = "psql -c 'create table if not exists orders (item text)'";
        path = [ config.services.postgresql.finalPackage ];
      }};
      services.redis.servers."".enable = true;
      services.unbound = {{ enable = true; enableRootTrustAnchor = false; settings.server.local-data = "\\"db.test. A 192.0.2.7\\""; }};
      users.users.alice.isNormalUser = true;
      time.timeZone = "Europe/Berlin";
      networking.firewall = {{ {firewall} }};
      {LISTENER % {"port": 8081}}
      {LISTENER % {"port": 8082}}
    }};
  }};
  containers.{OTHER} = {{
    autoStart = true;
    privateNetwork = true;
    hostAddress = "10.213.42.1";
    localAddress = "{OTHER_ADDRESS}";
    config = {{ pkgs, ... }}: {{
      system.stateVersion = "24.11";
      networking = {{
        useNetworkd = true;
        interfaces.eth0.ipv4.addresses = [ {{ address = "{OTHER_ADDRESS}"; prefixLength = 24; }} ];
        defaultGateway = {{ address = "10.213.42.1"; interface = "eth0"; }};
        nameservers = [ "10.213.42.1" ];
        nftables = {{ enable = true; tables.mine = {{ family = "inet"; content = "chain c {{ type filter hook output priority 0; }}"; }}; }};
        firewall.extraInputRules = "tcp dport 8081 accept";
      }};
      services.resolved.enable = true;
      {LISTENER % {"port": 8081}}
      {LISTENER % {"port": 8082}}
    }};
  }};
  containers.{SHARED} = {{
    autoStart = true;
    config = {{ system.stateVersion = "24.11"; networking.firewall.allowedTCPPorts = [ 80 ]; }};
  }};
}}
"""


# As people write them: what extraCommands adds outside of NixOS's chains, extraStopCommands takes away.
REDIRECT = "PREROUTING -p tcp --dport 8090 -j REDIRECT --to-ports %d"
RAW = 'extraCommands = "iptables -A nixos-fw -p tcp --dport 8082 -s 10.213.41.0/24 -j nixos-fw-accept"; allowedTCPPorts = [ 80 ];'


@pytest.fixture(scope="module")
def services(host: Host) -> Host:
    host.define(definition("allowedTCPPorts = [ 80 ];"))
    host.switch()
    return host


def reachable(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def host_rules() -> str:
    return subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", [NAME, OTHER, SHARED])
def test_everything_is_up(services: Host, name: str) -> None:
    assert services.inside(name, "systemctl", "is-system-running", "--wait").strip() == "running"


def test_nginx_serves_a_page(services: Host) -> None:
    with urllib.request.urlopen(f"http://{ADDRESS}/", timeout=10) as page:
        assert page.read() == b"hello from nginx"


def test_nginx_is_not_root(services: Host) -> None:
    assert services.inside(NAME, "systemctl", "show", "-P", "User", "nginx").strip() == "nginx"


def test_a_user_of_postgresql_owns_the_database(services: Host) -> None:
    asked = "select pg_get_userbyid(datdba) from pg_database where datname = 'alice'"
    assert services.inside(NAME, "runuser", "-u", "alice", "--", "psql", "-tAc", asked).strip() == "alice"


def sql(services: Host, statement: str) -> str:
    return services.inside(NAME, "runuser", "-u", "postgres", "--", "psql", "-d", "alice", "-tAc", statement).strip()


def test_what_a_module_appends_to_postgresqls_setup_is_done(services: Host) -> None:
    assert sql(services, "select rolconnlimit from pg_roles where rolname = 'alice'") == "7"
    assert sql(services, "select count(*) from pg_roles where rolname = 'first'") == "1"


def test_a_service_behind_postgresqls_target_finds_its_database(services: Host) -> None:
    assert sql(services, "select tableowner from pg_tables where tablename = 'orders'") == "alice"


def test_a_restart_of_postgresql_means_its_setup_as_well(services: Host) -> None:
    sql(services, "alter user alice connection limit 3")
    services.inside(NAME, "systemctl", "restart", "postgresql")
    services.inside(NAME, "systemctl", "start", "postgresql.target")
    assert sql(services, "select rolconnlimit from pg_roles where rolname = 'alice'") == "7"


def test_an_extension_of_postgresql_is_found(services: Host) -> None:
    assert sql(services, "create extension semver; select '1.10.0'::semver > '1.9.0'").splitlines()[-1] == "t"


def test_redis_answers(services: Host) -> None:
    assert services.inside(NAME, "redis-cli", "ping").strip() == "PONG"


def test_the_local_resolver_is_asked(services: Host) -> None:
    assert services.inside(NAME, "getent", "hosts", "db.test").split() == ["192.0.2.7", "db.test"]


def test_the_time_zone(services: Host) -> None:
    assert services.inside(NAME, "date", "+%Z").strip() in {"CET", "CEST"}


def test_the_firewall_lets_in_what_is_allowed_and_nothing_else(services: Host) -> None:
    assert reachable(ADDRESS, 80)
    assert (
        services.inside(NAME, "sh", "-c", "exec 3<>/dev/tcp/127.0.0.1/8082 || bash -c 'exec 3<>/dev/tcp/127.0.0.1/8082'; echo open")
        == "open\n"
    )
    assert not reachable(ADDRESS, 8082)


def test_rules_in_nftables_words_and_networkd(services: Host) -> None:
    assert reachable(OTHER_ADDRESS, 8081)
    assert not reachable(OTHER_ADDRESS, 8082)
    tables = services.inside(OTHER, "nft", "list", "tables")
    assert "table inet mine" in tables
    assert "table inet nixos-fw" in tables
    assert "10.213.42.1" in services.inside(OTHER, "resolvectl", "dns")


def test_on_the_hosts_network_the_hosts_rules_stay(services: Host) -> None:
    assert services.inside(SHARED, "systemctl", "show", "-P", "Result", "firewall").strip() == "exec-condition"
    assert "nixos-fw" not in host_rules()


def test_a_port_is_opened_without_cutting_anybody_off(services: Host) -> None:
    with socket.create_connection((ADDRESS, 80), timeout=10) as before:
        services.define(definition("allowedTCPPorts = [ 80 8082 ];"))
        services.switch()
        assert reachable(ADDRESS, 8082)
        before.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert before.recv(100).startswith(b"HTTP/1.1 200")


def test_raw_iptables_commands_and_back_again(services: Host) -> None:
    services.define(definition(RAW))
    services.switch()
    assert wait_until(lambda: reachable(ADDRESS, 8082))
    assert not reachable(ADDRESS, 8081)
    assert reachable(ADDRESS, 80)

    def redirects() -> list[str]:
        said = services.inside(NAME, "iptables", "-t", "nat", "-S", "PREROUTING")
        assert "nixos-drop" not in services.inside(NAME, "iptables", "-S"), "held back only while it loads"
        return [line for line in said.splitlines() if "--dport 8090" in line]

    def raw(port: int, more: str = "") -> str:
        add, take = (f"iptables -t nat {verb} {REDIRECT % port}" for verb in ("-A", "-D"))
        return f'extraCommands = "{add}"; extraStopCommands = "{take}"; allowedTCPPorts = [ 80 8082 {more} ];'

    for firewall, port in ((raw(8082), 8082), (raw(8082, "9999"), 8082), (raw(8081), 8081)):
        services.define(definition(firewall))
        services.switch()
        assert len(redirects()) == 1 and redirects()[0].endswith(f"--to-ports {port}"), "neither doubled nor left"
    assert reachable(ADDRESS, 8082) and not reachable(ADDRESS, 8081)
    services.define(definition(RAW))
    services.switch()
    assert redirects() == []
    services.define(definition(raw(8082)))
    services.switch()
    services.inside(NAME, "iptables", "-t", "nat", "-F", "PREROUTING")  # then extraStopCommands fails

    services.define(definition("allowedTCPPorts = [ 80 8081 ];"))
    services.switch()
    assert reachable(ADDRESS, 8081)
    assert not reachable(ADDRESS, 8082)
