"""Tells a server names until one of them is exit."""

import socket

with socket.create_connection(("127.0.0.1", 6000)) as s:
    # The text takes one recv for one message, which holds on quiet days only.
    lines = s.makefile("r", newline="\n")

    def show():
        print(lines.readline(), end="", flush=True)

    show()
    name = "client"
    while name != "exit":
        if name:
            show()
        name = input("Please input your name:")
        if not name:
            continue
        s.sendall(name.encode())
        show()
