"""Tests of the HTTP room, over real sockets on loopback."""
