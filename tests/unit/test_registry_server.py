"""The registry as a server: connections, bodies, limits, clients that go away, TLS, passwords, its log, its end."""

from __future__ import annotations

import base64
import http.client
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.base.errors import HostError
from nixos_containers.registry.auth import hash_password
from nixos_containers.registry.options import Options
from nixos_containers.registry.server import Server

from .registry_images import Client, Images, raw, serving

HEAD = b"GET /v2/ HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def images(tmp_path: Path) -> Images:
    images = Images(tmp_path)
    images.tag("hello", "latest", images.make())
    return images


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def server(images: Images, said: list[str]) -> Iterator[Server]:
    with serving(images, say=said.append) as server:
        yield server


def lines(said: list[str], count: int) -> list[str]:
    """The log, when it has `count` lines: one is written after the client has its answer."""
    for _ in range(500):
        if len(said) >= count:
            break
        threading.Event().wait(0.01)
    assert len(said) == count, said
    return said


def test_a_connection_serves_many_requests(server: Server) -> None:
    client = Client(server)
    client.get("/v2/")
    first = client.connection.sock
    assert client.ask("PUT", "/v2/hello/manifests/latest", body=b"x" * 60000).status == 405
    assert client.get("/v2/hello/tags/list").json()["tags"] == ["latest"]
    # A long head does not make the body after it too long.
    long_head = [(f"X-{number}", "a" * 6000) for number in range(5)]
    assert client.ask("PUT", "/v2/hello/manifests/latest", *long_head, body=b"x" * 60000).status == 405
    assert client.get("/healthz", ("Content-Length", "0")).body == b"ok"
    assert client.connection.sock is first is not None


def test_requests_in_one_packet_are_answered_in_turn(server: Server) -> None:
    body = b"POST /v2/hello/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    found = raw(server, body + b"GET /healthz HTTP/1.1\r\n\r\n" + HEAD + b"Connection: close\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"405", b"200", b"200"]


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 1000000\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: -3\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\nExpect: 100-continue\r\n",
    ],
)
def test_a_body_that_is_not_simple_ends_the_connection(server: Server, fields: bytes) -> None:
    """Whatever follows the head must never be taken for a request."""
    found = raw(server, b"PATCH /v2/hello/blobs/uploads/x HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n" + HEAD + b"\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"405"] and b"Connection: close" in found


def test_who_sends_a_large_body_still_gets_the_answer(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"PUT /v2/hello/blobs/uploads/x HTTP/1.1\r\nContent-Length: 700000\r\n\r\n")
        for _ in range(7):
            connection.sendall(bytes(100000))
        assert connection.recv(65536).startswith(b"HTTP/1.1 405")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (HEAD + b"X-Long: " + b"a" * 70000 + b"\r\n\r\n", b"431"),
        (HEAD + b"".join(b"X-%d: a\r\n" % i for i in range(150)) + b"\r\n", b"431"),
        (HEAD + b"".join(b"X-%d: %s\r\n" % (i, b"a" * 1000) for i in range(90)) + b"\r\n", b"431"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /v2/\r\n\r\n", b"400"),
        (b"GET /v2/ HTTP/x\r\n\r\n", b"400"),
        (b"GET /v2/ HTTP/2.0\r\n\r\n", b"505"),
        (b"\x16\x03\x01\x02\x00\x01\x00", b"400"),
    ],
)
def test_what_http_forbids(server: Server, request_bytes: bytes, status: bytes) -> None:
    found = raw(server, request_bytes)
    assert found.startswith(b"HTTP/1.1 " + status) and b'"code": "UNSUPPORTED"' in found and b"Connection: close" in found


def test_too_many_parameters(server: Server) -> None:
    assert Client(server).get("/v2/_catalog?" + "a&" * 100).status == 400


def test_clients_that_are_silent_or_slow_are_left(images: Images) -> None:
    with serving(images, timeout=0.1) as server:
        assert raw(server, b"") == b"" and raw(server, b"GET /v2/ HTT") == b"" and raw(server, HEAD) == b""
        assert raw(server, b"PUT /v2/hello/manifests/x HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc") == b""
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection, pytest.raises(OSError):
            for _ in range(200):  # a byte now and then does not help
                connection.sendall(b"G")
                time.sleep(0.02)


def test_a_client_that_goes_away_during_a_blob(images: Images, said: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    digest = images.put(bytes(20_000_000))
    with serving(images, say=said.append) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(f"GET /v2/hello/blobs/{digest} HTTP/1.1\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        (line,) = lines(said, 1)
        assert "gone before the end" in line and 0 < int(line.split()[3]) < 20_000_000
        assert Client(server).get("/v2/").status == 200
    assert capfd.readouterr() == ("", "")


def test_a_client_that_stops_reading_is_left(images: Images, said: list[str]) -> None:
    digest = images.put(bytes(20_000_000))
    with (
        serving(images, say=said.append, timeout=0.1) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection,
    ):
        connection.sendall(f"GET /v2/hello/blobs/{digest} HTTP/1.1\r\n\r\n".encode())
        assert "gone before the end" in lines(said, 1)[0]


def test_a_blob_that_shrinks_ends_the_connection(images: Images, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    digest = images.put(b"x" * 1000)
    real = socket.socket.sendfile
    path = images.directory / digest.partition(":")[2]

    def shrunk(self: socket.socket, file, offset: int = 0, count: int | None = None) -> int:
        path.write_bytes(b"x" * 10)
        return real(self, file, offset, count)

    monkeypatch.setattr(socket.socket, "sendfile", shrunk)
    with serving(images, say=said.append) as server:
        client = Client(server)
        with pytest.raises(http.client.IncompleteRead):
            client.get(f"/v2/hello/blobs/{digest}")
        assert " 200 10 " in lines(said, 1)[0]


def test_a_line_for_every_request(server: Server, said: list[str]) -> None:
    client = Client(server)
    client.get("/v2/hello/manifests/latest")
    client.head("/v2/hello/manifests/absent?a=b")
    lines(said, 2)
    raw(server, b"GET /v2/\x1b[31m\xff HTTP/1.0\r\n\r\n")
    first, second, third = lines(said, 3)
    size = len(client.get("/v2/hello/manifests/latest").body)
    assert re.fullmatch(rf"GET /v2/hello/manifests/latest 200 {size} \d+\.\d{{3}} 127\.0\.0\.1", first)
    assert re.fullmatch(r"HEAD /v2/hello/manifests/absent\?a=b 404 0 \d+\.\d{3} 127\.0\.0\.1", second)
    assert third.startswith(r"GET /v2/\x1b[31m\xff 404 ") and third.isprintable()


def test_a_mistake_of_the_source_is_logged_and_not_told(images: Images, server: Server, said: list[str], capfd) -> None:
    images.broken["hello"] = KeyError("a secret path")
    client = Client(server)
    reply = client.get("/v2/hello/tags/list")
    assert reply.status == 500 and reply.code == "UNKNOWN" and b"secret" not in reply.body
    assert "KeyError: 'a secret path'" in lines(said, 1)[0]
    assert client.get("/v2/").status == 200 and capfd.readouterr() == ("", "")


def test_metrics_count_requests_bytes_and_builds(server: Server, images: Images) -> None:
    client = Client(server)
    size = len(client.get("/v2/hello/manifests/latest").body)
    client.get("/v2/hello/manifests/absent")
    client.head("/v2/hello/manifests/latest")
    reply = client.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    values = dict(line.rsplit(" ", 1) for line in reply.body.decode().splitlines() if not line.startswith("#"))
    prefix = "nixos_container_registry_"
    assert values[prefix + 'requests_total{kind="manifest",status="200"}'] == "2"
    assert values[prefix + 'requests_total{kind="manifest",status="404"}'] == "1"
    assert int(values[prefix + 'sent_bytes_total{kind="manifest"}']) > size
    assert values[prefix + 'builds_total{result="built"}'] == values[prefix + 'builds_total{result="absent"}'] == "1"
    assert float(values[prefix + "build_seconds_total"]) > 0 and values[prefix + "builds_running"] == "0"


def test_the_page_for_browsers(images: Images) -> None:
    with serving(images, images=["hello", "web:1.0"]) as server:
        reply = Client(server).get("/", ("Accept", "text/html"))
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f"podman pull 127.0.0.1:{server.port}/hello" in reply.body.decode() and "web:1.0" in reply.body.decode()
        assert Client(server).get("/favicon.ico").status == 404
    with serving(images, address="images.example") as server:
        assert "docker pull images.example/NAME" in Client(server).get("/").body.decode()


def test_passwords(images: Images) -> None:
    with serving(images, users={"anna": hash_password("secret", n=16)}) as server:
        client = Client(server)
        for headers in ((), (("Authorization", "Basic " + base64.b64encode(b"anna:wrong").decode()),), (("Authorization", "Bearer x"),)):
            for path in ("/v2/", "/v2/hello/manifests/latest", "/v2/_catalog", "/metrics", "/", "/elsewhere"):
                reply = client.get(path, *headers)
                assert reply.status == 401 and reply.code == "UNAUTHORIZED"
                assert reply.headers["WWW-Authenticate"].startswith('Basic realm="')
        assert client.get("/healthz").body == b"ok" and images.asked == []
        right = ("Authorization", "Basic " + base64.b64encode(b"anna:secret").decode())
        assert client.get("/v2/", right).status == client.get("/v2/hello/manifests/latest", right).status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    directory = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", directory / "key.pem", "-out", directory / "cert.pem"], check=True, capture_output=True)
    return directory


def test_tls(images: Images, certificate: Path, said: list[str]) -> None:
    data = bytes(range(256)) * 8000
    digest = images.put(data)
    with serving(
        images, certificate=str(certificate / "cert.pem"), key=str(certificate / "key.pem"), timeout=0.5, say=said.append
    ) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        # A client that never begins the handshake keeps nobody else waiting.
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as silent:
            context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
            client = Client(server, http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5, context=context))
            assert client.get(f"/v2/hello/blobs/{digest}").body == data
            assert client.get(f"/v2/hello/blobs/{digest}", ("Range", "bytes=1000-1009")).body == data[1000:1010]
            assert silent.recv(10) == b""
        assert raw(server, HEAD + b"\r\n")[:4] != b"HTTP"
    assert len(lines(said, 2)) == 2


def test_a_certificate_that_is_none(images: Images, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")
    for path in ("cert.pem", "absent.pem"):
        with pytest.raises(HostError, match="no certificate"):
            Server("127.0.0.1", 0, images, Options(certificate=str(tmp_path / path)))


def test_a_port_that_is_taken(images: Images, server: Server) -> None:
    with pytest.raises(HostError, match="cannot listen"):
        Server("127.0.0.1", server.port, images)


def test_ipv6(images: Images) -> None:
    try:
        server = Server("::1", 0, images)
    except HostError:
        pytest.skip("no IPv6 here")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert server.url == f"http://[::1]:{server.port}"
    client = Client(server, http.client.HTTPConnection("::1", server.port, timeout=5))
    assert client.get("/v2/").status == 200
    server.shutdown()


def test_more_connections_than_there_may_be(images: Images) -> None:
    with serving(images, connections=2) as server:
        first, second = Client(server), Client(server)
        assert first.get("/v2/").status == second.get("/v2/").status == 200
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            assert connection.recv(1000).startswith(b"HTTP/1.1 503")
        first.connection.close()
        for _ in range(100):
            try:
                if Client(server).get("/v2/").status == 200:
                    break
            except OSError:
                pass
            time.sleep(0.01)
        else:
            pytest.fail("the place of a closed connection stays taken")


def test_the_end_lets_answers_arrive(images: Images) -> None:
    begun, go = threading.Event(), threading.Event()
    images.before_build = lambda: (begun.set(), go.wait(5), None)[2]
    server = Server("127.0.0.1", 0, images, Options(grace=5))
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    idle = Client(server)
    assert idle.get("/v2/").status == 200
    replies = []
    asking = threading.Thread(target=lambda: replies.append(Client(server).get("/v2/hello/manifests/latest")))
    asking.start()
    assert begun.wait(5)
    server.shutdown()
    assert idle.connection.sock.recv(1) == b""  # who waits for nothing is let go at once
    assert serving.is_alive()
    go.set()
    asking.join(5)
    serving.join(2)
    assert not serving.is_alive() and replies[0].status == 200 and replies[0].headers["Connection"] == "close"
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_an_end_before_the_beginning(images: Images) -> None:
    server = Server("127.0.0.1", 0, images)
    server.shutdown()
    server.serve_forever()
