"""LeadConduit (ActiveProspect), from the server's side of the wire."""

from __future__ import annotations

from reconciler.emulator.leadconduit.platform import LeadConduitPlatform

__all__ = ["LeadConduitPlatform"]
