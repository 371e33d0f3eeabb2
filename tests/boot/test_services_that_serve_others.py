"""What looks after other services, together in one guest: exporters, backups, mail, logs, CGI programs; and tools of people."""

from __future__ import annotations

import pytest

from .conftest import Host, wait_until

NAME = "nctcare"

DEFINITION = f"""
{{
  containers.{NAME} = {{
    autoStart = true;
    privateNetwork = true;
    hostAddress = "10.213.64.1";
    localAddress = "10.213.64.2";
    config = {{ pkgs, ... }}: {{
      system.stateVersion = "25.11";
      environment.systemPackages = [ pkgs.curl ];
      users.users.alice = {{ isNormalUser = true; extraGroups = [ "wheel" ]; }};
      users.users.bob.isNormalUser = true;

      services.nginx = {{
        enable = true;
        statusPage = true;
        virtualHosts."10.213.64.2".locations."= /cgi".extraConfig = ''
          include /etc/nginx/fastcgi_params;
          fastcgi_param SCRIPT_FILENAME ${{pkgs.writeShellScript "cgi" "echo Content-type: text/plain; echo; echo $(id -un) answers"}};
          fastcgi_pass unix:/run/fcgiwrap-web.sock;
        '';
      }};
      services.fcgiwrap.instances.web.socket = {{ user = "nginx"; group = "nginx"; }};
      services.postgresql.enable = true;
      services.redis.servers."".enable = true;
      services.mysql = {{ enable = true; ensureDatabases = [ "shop" ]; }};
      services.mysqlBackup = {{ enable = true; databases = [ "shop" ]; }};
      services.prometheus.exporters = {{
        postgres = {{ enable = true; runAsLocalSuperUser = true; }};
        nginx.enable = true;
        redis.enable = true;
        mysqld = {{ enable = true; runAsLocalSuperUser = true; configFile = "${{pkgs.writeText "my.cnf" "[client]\\nuser=mysql\\npassword=unasked\\nsocket=/run/mysqld/mysqld.sock\\n"}}"; }};
        blackbox = {{ enable = true; configFile = pkgs.writeText "blackbox.yml" "modules: {{ web: {{ prober: http, http: {{ preferred_ip_protocol: ip4 }} }}, ping: {{ prober: icmp }} }}"; }};
      }};
      services.prometheus.alertmanager = {{
        enable = true;
        environmentFile = "${{pkgs.writeText "environment" "RECEIVER=nobody-at-all\\n"}}";
        configuration = {{ route.receiver = "$RECEIVER"; receivers = [ {{ name = "$RECEIVER"; }} ]; }};
      }};

      services.borgbackup.jobs.site = {{
        paths = [ "/srv/site" ];
        repo = "/srv/backup";
        encryption = {{ mode = "repokey"; passphrase = "secret"; }};
        prune.keep.last = 1;
      }};
      systemd.tmpfiles.rules = [ "d /srv/site 0755 - - -" "f /srv/site/page 0644 - - - hello" ];

      services.rsyslogd.enable = true;
      services.postfix = {{
        enable = true;
        rootAlias = "alice";
        settings.main = {{ myhostname = "mail.test"; inet_interfaces = "loopback-only"; }};
        virtual = "shop@example.test bob@localhost";
        mapFiles.friends = pkgs.writeText "friends" "example.test OK";
      }};
      services.dovecot2 = {{ enable = true; mailboxes.Junk = {{ auto = "create"; specialUse = "Junk"; }}; }};
      programs.msmtp = {{ enable = true; setSendmail = false; defaults.from = "%U@mail.test"; accounts.default.host = "localhost"; }};
      services.avahi = {{ enable = true; nssmdns4 = true; publish = {{ enable = true; addresses = true; }}; }};
      security.doas = {{ enable = true; wheelNeedsPassword = false; }};
      programs.direnv = {{ enable = true; silent = true; }};
      programs.fzf = {{ keybindings = true; fuzzyCompletion = true; }};
    }};
  }};
}}
"""


@pytest.fixture(scope="module")
def services(host: Host) -> Host:
    host.define(DEFINITION)
    host.switch()
    return host


def fetched(services: Host, address: str) -> str:
    return services.inside(NAME, "curl", "-sS", f"http://localhost{address}")


def test_everything_is_up(services: Host) -> None:
    assert services.inside(NAME, "systemctl", "is-system-running", "--wait").strip() == "running"


@pytest.mark.parametrize(
    ("port", "metric"),
    [(9187, "pg_up 1"), (9113, "nginx_up 1"), (9121, "redis_up 1"), (9104, "mysql_up 1")],
    ids=["postgres", "nginx", "redis", "mysqld"],
)
def test_an_exporter_reaches_what_it_watches(services: Host, port: int, metric: str) -> None:
    assert wait_until(lambda: f"\n{metric}\n" in fetched(services, f":{port}/metrics"))


@pytest.mark.parametrize(("module", "target"), [("web", "http://localhost/nginx_status"), ("ping", "127.0.0.1")])
def test_the_prober_probes(services: Host, module: str, target: str) -> None:
    assert "\nprobe_success 1\n" in fetched(services, f":9115/probe?module={module}&target={target}")


def test_the_alertmanager_knows_its_environment(services: Host) -> None:
    assert wait_until(lambda: "nobody-at-all" in fetched(services, ":9093/api/v2/receivers"))


def test_a_cgi_program_answers_through_the_web_server(services: Host) -> None:
    assert services.inside(NAME, "curl", "-sS", "http://10.213.64.2/cgi") == "fcgiwrap-web answers\n"


def test_borg_saves_and_brings_back(services: Host) -> None:
    for _ in range(2):
        services.inside(NAME, "systemctl", "start", "--wait", "borgbackup-job-site")
    archives = services.inside(NAME, "borg-job-site", "list", "--short").split()
    assert len(archives) == 1 and archives[0].startswith(f"{NAME}-site-")
    assert services.inside(NAME, "borg-job-site", "extract", "--stdout", f"::{archives[0]}", "srv/site/page") == "hello"


def test_mariadb_is_dumped(services: Host) -> None:
    services.inside(NAME, "systemctl", "start", "mysql-backup")
    assert "Dump completed" in services.inside(NAME, "zcat", "/var/backup/mysql/shop.gz")


def test_messages_are_written_to_files(services: Host) -> None:
    services.inside(NAME, "logger", "-p", "user.warning", "mind the gap")
    assert wait_until(lambda: "mind the gap" in services.inside(NAME, "sh", "-c", "cat /var/log/warn /var/log/messages || true"))


def test_mail_is_handed_in_by_users_and_by_smtp(services: Host) -> None:
    services.inside(NAME, "runuser", "-u", "bob", "--", "sendmail", "root", stdin="Subject: from bob\n\nhello\n")
    services.inside(NAME, "runuser", "-u", "alice", "--", "msmtp", "shop@example.test", stdin="Subject: from alice\n\nhello\n")
    assert wait_until(lambda: "from bob" in services.inside(NAME, "sh", "-c", "cat /var/mail/alice/new/* || true"))
    assert wait_until(lambda: "from alice" in services.inside(NAME, "sh", "-c", "cat /var/mail/bob/new/* || true"))
    assert "hello" in services.inside(NAME, "doveadm", "fetch", "-u", "alice", "text", "mailbox", "INBOX", "subject", "bob")
    assert services.inside(NAME, "doveadm", "mailbox", "list", "-u", "alice").split() == ["Junk", "INBOX"]
    assert "is empty" in services.inside(NAME, "runuser", "-u", "bob", "--", "mailq")
    assert services.inside(NAME, "postmap", "-q", "example.test", "hash:/var/lib/postfix/conf/friends") == "OK\n"


def test_a_machine_finds_its_own_name_by_avahi(services: Host) -> None:
    assert "10.213.64.2" in services.inside(NAME, "getent", "hosts", f"{NAME}.local")


def test_doas_is_for_wheel(services: Host) -> None:
    assert services.inside(NAME, "runuser", "-u", "alice", "--", "doas", "-n", "id", "-u") == "0\n"
    assert "not permitted" in services.fail("run", NAME, "--", "runuser", "-u", "bob", "--", "doas", "-n", "id", "-u")


def test_direnv_sets_variables_by_directory(services: Host) -> None:
    told = "mkdir -p /tmp/d && cd /tmp/d && echo 'export WHERE=here' > .envrc && direnv allow && bash -ic 'eval \"$PROMPT_COMMAND\"; echo $WHERE'"
    assert services.inside(NAME, "bash", "-lc", told).strip().endswith("here")


def test_fzf_has_its_keys_and_completion(services: Host) -> None:
    assert "fzf" in services.inside(NAME, "bash", "-ic", "bind -X | grep fzf; declare -F _fzf_path_completion")
