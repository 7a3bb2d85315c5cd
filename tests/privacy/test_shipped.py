"""The files that are shipped for servers keep what the program promises: no line about a request, no memory on a disk.

A server in front of the program or under it that writes a log would undo everything else.
"""

import configparser
import inspect
import re
from pathlib import Path

import pytest

from facilitator import serve

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = ("facilitator-web.service", "facilitator-worker.service")
OF_A_UNIT = {
    "MemorySwapMax": "0",
    "LimitCORE": "0",
    "PrivateTmp": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "NoNewPrivileges": "yes",
    "UMask": "0077",
    "StateDirectoryMode": "0700",
}
OF_A_SERVER = ("access_log off;", "error_log /dev/null crit;")


def missing_in_unit(words: str) -> list[str]:
    unit = configparser.ConfigParser(strict=False, interpolation=None, inline_comment_prefixes=None)
    unit.optionxform = str
    unit.read_string(words)
    return [name for name, value in OF_A_UNIT.items() if unit["Service"].get(name) != value]


def leaks_of_nginx(words: str) -> list[str]:
    """List what a configuration of nginx writes down or hands on about a request."""
    code = re.sub(r"#.*", "", words)
    servers = [part for part in re.split(r"(?m)^server\b", code) if "{" in part]
    found = [f"server {at}: {line}" for at, part in enumerate(servers) for line in OF_A_SERVER if line not in part]
    found += [
        line.strip()
        for line in re.findall(r"(?m)^\s*(?:access|error)_log .*$", code)
        if line.strip() not in OF_A_SERVER
    ]
    found += re.findall(
        r"\$(?:remote_addr|proxy_add_x_forwarded_for|http_user_agent|http_referer|binary_remote_addr)", code
    )
    if "proxy_max_temp_file_size 0;" not in code:
        found.append("answers are put aside")
    return found


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_keeps_memory_off_the_disk_and_shows_the_program_one_folder(name):
    assert missing_in_unit(read(name)) == []


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("setting", OF_A_UNIT)
def test_a_unit_without_one_of_its_lines_is_found_out(name, setting):
    twin = "\n".join(line for line in read(name).splitlines() if not line.startswith(f"{setting}="))
    assert missing_in_unit(twin) == [setting]


def test_nginx_writes_nothing_about_a_request_and_hands_no_address_on():
    assert leaks_of_nginx(read("nginx.conf")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("access_log off;", ""),
        ("access_log off;", "access_log /var/log/nginx/access.log;"),
        ("error_log /dev/null crit;", "error_log /var/log/nginx/error.log warn;"),
        ('X-Forwarded-For ""', "X-Forwarded-For $proxy_add_x_forwarded_for"),
        ('X-Real-IP ""', "X-Real-IP $remote_addr"),
        ("proxy_max_temp_file_size 0;", ""),
    ],
)
def test_a_configuration_of_nginx_that_writes_is_found_out(before, after):
    words = read("nginx.conf")
    assert before in words
    assert leaks_of_nginx(words.replace(before, after))


def test_the_web_server_of_the_program_has_no_log_of_requests_and_takes_no_address_from_a_proxy():
    source = inspect.getsource(serve)
    assert "clear_untrusted_proxy_headers=True" in source
    assert not re.search("TransLogger|accesslog|access_log|trusted_proxy=", source)


@pytest.mark.parametrize("name", UNITS)
def test_the_units_run_the_program_by_verbs_that_it_has(name):
    assert re.search(r"-m facilitator (?:web|worker)\b", read(name))
