"""Addresses."""

import ipaddress
import re


def _is(kind, value):
    try:
        kind(value)
        return True
    except ValueError:
        return False


def ipv4_addr(addr):
    return _is(ipaddress.IPv4Interface, addr)


def ipv6_addr(addr):
    return _is(ipaddress.IPv6Interface, addr)


def ip_addr(addr):
    return ipv4_addr(addr) or ipv6_addr(addr)


def netmask(mask):
    return _is(lambda value: ipaddress.IPv4Network(f"0.0.0.0/{value}"), mask)


def mac(addr):
    return re.match(r"^([0-9A-F]{1,2}[:]){5}([0-9A-F]{1,2})$", addr, re.IGNORECASE) is not None
