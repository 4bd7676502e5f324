"""The vocabulary of the tool as pure data: addresses, values, markers, shapes, kinds, plans.

Nothing here reads a file, opens a connection or imports another room.
"""
