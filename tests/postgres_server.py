"""A PostgreSQL server of the tests' own: on loopback, in a folder of its own, as its own user, gone with them."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psycopg

READER = "reader"
"""The role of the appraisal: it may read what it is granted, and create nothing."""
WORD = "planted-" + secrets.token_hex(8)
"""The password of that role."""


def find_programs() -> Path | None:
    """Find where initdb and postgres lie: on the path, else where Debian puts them; None where they are not installed."""
    places = [Path(found).parent for found in [shutil.which("initdb")] if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -int(place.parent.name))
    return next((place for place in places if (place / "initdb").is_file() and (place / "postgres").is_file()), None)


def _user() -> str | None:
    """Name whom the server runs as: it refuses root, so that root lends it another user."""
    if os.geteuid():
        return None
    return next((name for name in ("postgres", "nobody") if name in {one.pw_name for one in pwd.getpwall()}), None)


@dataclass(frozen=True)
class Server:
    """A server that runs: its port, and how its owner connects to it."""

    port: int
    owner: str

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def address(self, base: str, role: str = READER, port: int | None = None) -> str:
        """Write the address of a database as params have it."""
        return f"postgresql://{role}@127.0.0.1:{port or self.port}/{base}"

    def connect(self, base: str = "postgres") -> psycopg.Connection:
        """Connect as the owner."""
        return psycopg.connect(self.owner, dbname=base, autocommit=True)

    def fill(self, base: str, folder: Path, schema: str = "public") -> str:
        """Make a database of a folder of Parquet files that the reader may read; return its address."""
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{base}" ENCODING UTF8 TEMPLATE template0')
        with self.connect(base) as connection:
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            for path in sorted(folder.glob("*.parquet")):
                add_table(connection, path.stem, pd.read_parquet(path, dtype_backend="pyarrow"), schema)
            connection.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO {READER}')
            connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO {READER}')
        return self.address(base)


KINDS = {"int": "bigint", "double": "double precision", "bool": "boolean", "date": "date", "timestamp": "timestamp"}


def quoted(name: str) -> str:
    """Write a name of SQL."""
    return '"{}"'.format(name.replace('"', '""'))


def add_table(connection: psycopg.Connection, name: str, frame: pd.DataFrame, schema: str = "public") -> None:
    """Make a table of a frame."""

    def kind(column: str) -> str:
        held = str(frame[column].dtype)
        return next((kind for word, kind in KINDS.items() if held.startswith(word)), "text")

    columns = ", ".join(f"{quoted(column)} {kind(column)}" for column in frame.columns)
    table = f"{quoted(schema)}.{quoted(name)}"
    connection.execute(f"CREATE TABLE {table} ({columns})")
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None):
            copy.write_row(row)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def run(programs: Path) -> Iterator[Server]:
    """Start a server, and stop it."""
    user, folder = _user(), Path(tempfile.mkdtemp(prefix="fengqiao_postgres_"))
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    try:
        if user:
            shutil.chown(folder, user)
        quiet = {"capture_output": True, "cwd": folder, **as_user}
        start = ["--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--username=owner"]
        subprocess.run([programs / "initdb", "--pgdata", folder / "data", "--no-sync", *start], check=True, **quiet)
        port = _free_port()
        told = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
        told |= {"full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "4GB", "work_mem": "64MB"}
        settings = [part for key, value in told.items() for part in ("-c", f"{key}={value}")]
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *settings],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user,
        )  # fmt: skip
        try:
            yield _ready(Server(port, f"host={folder} port={port} user=owner"), server)
        finally:
            server.terminate() if server.poll() is None else None
            server.send_signal(2)  # SIGINT: it ends every session and itself
            server.wait(60)
    finally:
        shutil.rmtree(folder)


def _ready(server: Server, process: subprocess.Popen) -> Server:
    """Wait until a server answers, and make the reader."""
    while True:
        try:
            with server.connect() as connection:
                connection.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{WORD}'")
                return server
        except psycopg.OperationalError:
            if process.poll() is not None:
                raise
