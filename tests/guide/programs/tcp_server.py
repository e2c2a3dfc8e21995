"""Asks everybody for their name until they say exit."""

import socket
import threading


def talk(conn, addr):
    print("Accept new connection from %s:%s" % addr, flush=True)
    conn.sendall(b"Welcome!\n")
    while True:
        conn.sendall(b"What's your name?\n")
        name = conn.recv(1024).decode().strip()
        if name == "exit":
            conn.sendall(b"Good bye!\n")
            break
        conn.sendall(b"Hello %s!\n" % name.encode())
    conn.close()
    print("Connection from %s:%s is closed" % addr, flush=True)


with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", 6000))
    door.listen(5)
    print("Waiting for connection...", flush=True)
    while True:
        threading.Thread(target=talk, args=door.accept(), daemon=True).start()
