import httpx
import pytest
from pipefy.secrets_in import told_by

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import ConfigurationError, DownloadRefusedError
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy, without_credentials

STRICT = AddressPolicy()
SANDBOX = AddressPolicy(allow_insecure=True)

REFUSED = {
    "other host": "https://evil.com/x",
    "pipefy.com as a prefix": "https://pipefy.com.evil.com/x",
    "pipefy.com as the end of a name": "https://evilpipefy.com/x",
    "pipefy.com as the user": "https://app.pipefy.com@evil.com/x",
    "a backslash before the real host": "https://app.pipefy.com\\@evil.com/x",
    "pipefy.com in the path": "https://evil.com/app.pipefy.com",
    "pipefy.com in the query": "https://evil.com?.pipefy.com",
    "pipefy.com in the fragment": "https://evil.com#.pipefy.com",
    "a user at the right host": "https://user:pw@app.pipefy.com/x",
    "an underscore for a dot": "https://app_pipefy.com/x",
    "the cloud's metadata": "https://169.254.169.254/latest",
    "loopback": "https://127.0.0.1/x",
    "loopback in IPv6": "https://[::1]/x",
    "IPv6": "https://[2001:db8::1]/x",
    "a broken international name": "https://xn--a/x",
    "no TLS": "http://app.pipefy.com/x",
    "another scheme": "ftp://app.pipefy.com/x",
    "a file": "file:///etc/passwd",
    "data": "data:text/csv,a",
    "no scheme": "//app.pipefy.com/x",
    "no host": "https:///x",
    "a path": "/x",
    "nothing": "",
    "a space in the host": "https://app.pipefy.com evil.com/x",
    "half a character": "https://app.pipefy.com/\ud800",
    "a port that is none": "https://app.pipefy.com:port/x",
    "a line end": "https://app.pipefy.com/\r\nx: y",
}


ODD_HOSTS = {
    "an empty part": "https://a..pipefy.com/x",
    "an empty part at its start": "https://.pipefy.com/x",
    "an empty part at its end": "https://app.pipefy.com../x",
    "an international part of nothing": "https://xn--.pipefy.com/x",
    "an international part that decodes to nothing allowed": "https://xn--a-ecp.pipefy.com/x",
    "a part of 64 letters": f"https://{'a' * 64}.pipefy.com/x",
    "an international part of 64 letters": f"https://{'ä' * 63}.pipefy.com/x",
    "a name of 254 letters": f"https://{'a.' * 122}pipefy.com/x",
    "a part that begins with a hyphen": "https://-a.pipefy.com/x",
    "a part that ends with one": "https://a-.pipefy.com/x",
    "percent signs": "https://%61pp.pipefy.com/x",
    "a direction mark": "https://\u202eapp.pipefy.com/x",
    "a soft hyphen": "https://app\u00adx.pipefy.com/x",
    "half a character": "https://app\ud800.pipefy.com/x",
    "a NUL": "https://app\0.pipefy.com/x",
    "a bracket that never closes": "https://[::1/x",
    "a bracket around a name": "https://[app.pipefy.com]/x",
    "a zone of a machine": "https://[fe80::1%eth0]/x",
    "port 0": "https://app.pipefy.com:0/x",
    "port 65536": "https://app.pipefy.com:65536/x",
    "a port of letters": "https://app.pipefy.com:x/x",
    "a port below 0": "https://app.pipefy.com:-1/x",
    "one slash": "https:/app.pipefy.com/x",
    "too long": "https://app.pipefy.com/" + "a" * 70_000,
}
"""Names and ports that libraries find fault with when they connect, or never."""


@pytest.mark.parametrize("address", ODD_HOSTS.values(), ids=ODD_HOSTS.keys())
def test_an_odd_host_is_one_line_of_ours(address: str) -> None:
    with pytest.raises(DownloadRefusedError, match="not a web address") as refused:
        STRICT.check_link(address)
    assert "app" not in str(refused.value)
    with pytest.raises(ConfigurationError, match="not a web address") as caught:
        STRICT.check_base_url(address)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("link", REFUSED.values(), ids=REFUSED.keys())
def test_a_link_elsewhere_is_refused(link: str) -> None:
    with pytest.raises(DownloadRefusedError):
        STRICT.check_link(link)


@pytest.mark.parametrize(
    "link",
    [
        "https://app-storage-service.pipefy.com/v1/signed/orgs/1/x.xlsx?expires_on=1&signature=a",
        "https://app.pipefy.com/storage/v1/signed/x",
        "https://APP.PIPEFY.COM/x",
        "https://app.pipefy.com./x",
        "https://app.pipefy.com:8443/x",
        "https://pipefy.com/x",
    ],
)
def test_a_link_to_pipefy_is_followed(link: str) -> None:
    assert STRICT.check_link(link) == httpx.URL(link)


@pytest.mark.parametrize(
    "suffix", ["com", ".com", "*.com", "COM", "co.uk", "com.br", "*.gov.br", "ck", "anything.ck", "xn--p1ai"]
)
def test_a_suffix_below_which_anybody_can_have_a_host_is_refused(suffix: str) -> None:
    with pytest.raises(ConfigurationError, match="under which anybody can have a host"):
        Connection(download_hosts=(suffix,))


@pytest.mark.parametrize(
    ("suffix", "kept"),
    [
        ("example.com", "example.com"),
        ("*.Example.co.uk", "example.co.uk"),
        (".s3.amazonaws.com", "s3.amazonaws.com"),
        ("bucket.s3.sa-east-1.amazonaws.com", "bucket.s3.sa-east-1.amazonaws.com"),
        ("files.corp.internal", "files.corp.internal"),
        ("corp", "corp"),
        ("minio", "minio"),
        ("10.0.0.5", "10.0.0.5"),
    ],
)
def test_a_registered_domain_or_a_name_of_a_network_of_ones_own_is_taken(suffix: str, kept: str) -> None:
    assert Connection(download_hosts=(suffix,)).download_hosts == (kept,)


def test_hosts_can_be_added() -> None:
    policy = AddressPolicy(download_hosts=("files.example.com",))
    policy.check_link("https://eu.files.example.com/x")
    policy.check_link("https://files.example.com/x")
    with pytest.raises(DownloadRefusedError, match="PIPEFY_DOWNLOAD_HOSTS"):
        policy.check_link("https://example.com/x")
    with pytest.raises(DownloadRefusedError, match="not https"):
        policy.check_link("http://files.example.com/x")


@pytest.mark.parametrize(
    "link", ["http://127.0.0.1:8000/x", "http://localhost/x", "http://localhost./x", "http://[::1]:80/x"]
)
def test_loopback_is_for_insecure_urls_only(link: str) -> None:
    SANDBOX.check_link(link)
    with pytest.raises(DownloadRefusedError):
        STRICT.check_link(link)


@pytest.mark.parametrize(
    "link", ["http://evil.com/x", "http://app.pipefy.com/x", "http://localhost.evil.com/", "http://10.0.0.1/"]
)
def test_insecure_urls_do_not_open_other_hosts(link: str) -> None:
    with pytest.raises(DownloadRefusedError):
        SANDBOX.check_link(link)


@pytest.mark.parametrize(
    "link", [*REFUSED.values(), "http://u:s3cr3t@x/?s3cr3t", "https://evil.com/?s3cr3t#s3cr3t"]
)
def test_a_refusal_does_not_quote_the_query(link: str) -> None:
    with pytest.raises(DownloadRefusedError) as caught:
        STRICT.check_link(link + "?signature=s3cr3t")
    assert "s3cr3t" not in told_by(caught.value)


def test_an_address_is_shown_without_credentials() -> None:
    url = httpx.URL("https://me:pw@xn--a.com:444/p%0Aq%3Fr?token=s3cr3t#s3cr3t")
    assert without_credentials(url) == "https://xn--a.com:444/p%0Aq%3Fr"
    assert without_credentials(httpx.URL("https://[::1]:80/x")) == "https://[::1]:80/x"


@pytest.mark.parametrize(
    ("base_url", "used"),
    [
        ("https://app.pipefy.com", "https://app.pipefy.com"),
        (" https://app.pipefy.com/ ", "https://app.pipefy.com"),
        ("https://api.pipefy.com/graphql", "https://api.pipefy.com"),
        ("https://api.pipefy.com/graphql/", "https://api.pipefy.com"),
        ("https://gateway.example.com/pipefy", "https://gateway.example.com/pipefy"),
    ],
)
def test_the_base_url_may_be_given_with_or_without_graphql(base_url: str, used: str) -> None:
    assert STRICT.check_base_url(base_url) == httpx.URL(used)


@pytest.mark.parametrize("base_url", ["", "app.pipefy.com", "ftp://app.pipefy.com", "https://", "x y"])
def test_a_base_url_has_to_be_a_web_address(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="not a web address"):
        STRICT.check_base_url(base_url)


def test_http_needs_permission() -> None:
    with pytest.raises(ConfigurationError, match="PIPEFY_ALLOW_INSECURE_URLS"):
        STRICT.check_base_url("http://app.pipefy.com")
    SANDBOX.check_base_url("http://127.0.0.1:8000")


@pytest.mark.parametrize(
    "base_url",
    ["http://app.pipefy.com", "http://10.0.0.1:8000", "http://sandbox:8000", "http://127.0.0.1.example.com",
     "http://0.0.0.0:8000", "http://2130706433", "http://0x7f.1", "http://127.1"],
)  # fmt: skip
def test_insecure_is_this_machine_only(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="leads to another machine"):
        SANDBOX.check_base_url(base_url)


@pytest.mark.parametrize(
    "base_url", ["http://localhost:8000", "http://127.0.0.1", "http://127.9.9.9:1", "http://[::1]:8000"]
)
def test_loopback_may_be_insecure(base_url: str) -> None:
    SANDBOX.check_base_url(base_url)


@pytest.mark.parametrize(
    "base_url",
    ["https://me:s3cr3t@app.pipefy.com", "https://app.pipefy.com/?t=s3cr3t", "https://a.com/#s3cr3t"],
)
def test_a_base_url_with_a_secret_is_refused_and_not_quoted(base_url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        STRICT.check_base_url(base_url)
    assert "s3cr3t" not in told_by(caught.value)
