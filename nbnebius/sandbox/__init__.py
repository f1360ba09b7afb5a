"""
The Nebius API on loopback, so that every example runs with nothing but a checkout.

The sandbox is a process of its own (``python -m nbnebius.sandbox``). It imports nothing of the
rest of nbnebius: a client and a server that shared code could hide each other's mistakes.
"""
