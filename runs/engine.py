"""Engines that carry out many runs, or the parts of one, by name; and where a cluster's scheduler is found."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from environment.input_faults import Fault

ADDRESS: Final = re.compile(r"((?P<scheme>tcp|tls)://)?([\w.-]+|\[[\da-fA-F:.]+(%\w+)?\]):(?P<port>\d{1,5})")
MOST_PORT: Final = 65535


class Engine(StrEnum):
    """An engine carries out many runs: in this process, in processes, or on Dask (`runs.workers`)."""

    SERIAL = "serial"
    PROCESS = "process"
    DASK = "dask"


class Scheduler(NamedTuple):
    """A running Dask scheduler and, where it speaks TLS, the files by which it and evswarm know each other.

    Parameters
    ----------
    address
        ``HOST:PORT``, with ``tcp://`` or ``tls://`` before it or not.
    ca, cert, key
        Files (PEM) of TLS: certificates of those who sign, evswarm's own certificate, and its key. All of them or none.
    """

    address: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    @property
    def url(self) -> str:
        """The address with its protocol."""
        return self.address if "://" in self.address else f"{'tcp' if self.ca is None else 'tls'}://{self.address}"

    def faults(self) -> list[Fault]:
        """Return what is wrong with the address and the files; nobody is called."""
        found = ADDRESS.fullmatch(self.address)
        if found is None or not 0 < int(found["port"]) <= MOST_PORT:
            expected = "HOST:PORT, such as 10.0.0.5:8786, with tcp:// or tls:// before it or not"
            return [Fault("--scheduler", None, "address", self.address or "empty", expected), *self._tls_faults()]
        if found["scheme"] == "tcp" and any(self._tls().values()):
            return [
                Fault("--scheduler", None, "address", self.address, "tls:// with the files of TLS"),
                *self._tls_faults(),
            ]
        if found["scheme"] == "tls" and not any(self._tls().values()):
            expected = "tcp://, or --tls-ca, --tls-cert and --tls-key with it"
            return [Fault("--scheduler", None, "address", self.address, expected)]
        return list(self._tls_faults())

    def _tls(self) -> dict[str, Path | None]:
        return {"--tls-ca": self.ca, "--tls-cert": self.cert, "--tls-key": self.key}

    def _tls_faults(self) -> Iterator[Fault]:
        files = self._tls()
        if not any(files.values()):
            return
        sound = True
        for option, path in files.items():
            if path is None or not path.is_file():
                sound = False
                found = "missing" if path is None else f"{path}, which is no file"
                yield Fault(
                    option, None, "file", found, "a file (PEM); TLS takes --tls-ca, --tls-cert and --tls-key together"
                )
        if sound:
            yield from self._pem_faults()

    def _pem_faults(self) -> Iterator[Fault]:
        import ssl  # noqa: PLC0415  (only here)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(self.ca)
        except OSError:
            yield Fault("--tls-ca", None, "file", str(self.ca), "certificates (PEM) of those who sign")
        try:
            assert self.cert is not None
            # With a password nobody is asked for one.
            context.load_cert_chain(self.cert, self.key, password="")
        except OSError:
            found = f"{self.cert} with --tls-key {self.key}"
            yield Fault("--tls-cert", None, "file", found, "a certificate (PEM) and its key (PEM, without a password)")
