"""A connection that breaks where a test wants it to."""

import socket
import threading


class Link:
    """Between a client and a daemon: passes bytes on, and breaks when it is told to."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.daemon = (host, int(port))
        # Bytes to clients before the next connections break, each once.
        self.cuts = []
        # The same of all others; None = all bytes.
        self.passes = None
        # Bytes that came to clients.
        self.passed = 0
        self.sockets = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sockets.append(self.listener)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for end in self.sockets:
            self.end(end)
            end.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            daemon = socket.create_connection(self.daemon)
            self.sockets += [client, daemon]
            room = self.cuts.pop(0) if self.cuts else self.passes
            for carry in [(client, daemon, None), (daemon, client, room)]:
                threading.Thread(target=self.carry, args=carry, daemon=True).start()

    def carry(self, source, target, most):
        try:
            while most is None or most > 0:
                data = source.recv(65_536 if most is None else most)
                if not data:
                    break
                target.sendall(data)
                if most is not None:
                    most -= len(data)
                if source.getpeername() == self.daemon:
                    self.passed += len(data)
        except OSError:
            pass
        self.end(source)
        self.end(target)

    @staticmethod
    def end(connection):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
