"""Maps of others that a page leads to where WeChat's own cannot be opened."""

from urllib.parse import urlencode

from kernel.geo import Point

NAVIGATION = "https://uri.amap.com/navigation"


def navigation_url(point: Point, name: str) -> str:
    """Return the address that opens Amap on the way there by car; it takes the longitude first."""
    to = f"{point.lon:.6f},{point.lat:.6f},{name}"
    return f"{NAVIGATION}?{urlencode({'to': to, 'mode': 'car', 'coordinate': 'gaode'})}"
