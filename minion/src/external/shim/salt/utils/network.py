"""Networks and names."""

import ipaddress
import socket


def is_ip(ip):
    try:
        ipaddress.ip_address(ip)
        return True
    except ValueError:
        return False


def is_ipv4(ip):
    return is_ip(ip) and ipaddress.ip_address(ip).version == 4


def is_ipv6(ip):
    return is_ip(ip) and ipaddress.ip_address(ip).version == 6


def in_subnet(cidr, addr=None):
    import rsalt_shim

    net = ipaddress.ip_network(cidr, strict=False)
    addrs = addr or rsalt_shim.SALT["network.ip_addrs"]()
    return any(ipaddress.ip_address(a) in net for a in (addrs if isinstance(addrs, list) else [addrs]))


def get_fqhostname():
    return socket.getfqdn()


def generate_minion_id():
    return socket.gethostname()


def host_to_ips(host):
    try:
        return sorted({info[4][0] for info in socket.getaddrinfo(host, None)})
    except OSError:
        return None


def _through(name):
    def function(*args, **kwargs):
        import rsalt_shim

        return rsalt_shim.SALT[f"network.{name}"](*args, **kwargs)

    return function


interfaces, ip_addrs, ip_addrs6, subnets = map(_through, ("interfaces", "ip_addrs", "ip_addrs6", "subnets"))
