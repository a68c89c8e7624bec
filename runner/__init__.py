"""`make run`: starts every part of the service, watches them, starts again what dies, and stops all of it.

Not a module of `workers`: worker processes are known by `worker` in their command line, and the supervisor is none.
"""
