"""The networks that a bundle may name, and how they are built."""

from crosscontrast.models.networks.registry import build_network, network_names

__all__ = ["build_network", "network_names"]
