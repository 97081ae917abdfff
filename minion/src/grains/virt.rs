//! What kind of machine this is: `virtual`, `virtual_subtype`.
//!
//! Salt misses a Docker container whose cgroups are version 2 and that has no systemd; the marker files of the
//! engines are looked at here too (docs/differences.md).

use data::Dict;

use super::Source;

/// virtual and virtual_subtype.
pub(super) fn grains(src: &Source<'_>) -> Dict {
    let mut found = Found { kind: "physical", subtype: None };
    if src.which("systemd-detect-virt").is_some()
        && let Some(answer) = src.run("systemd-detect-virt", &[])
    {
        found.take(detect_virt(answer.trim()));
    } else {
        found.take(dmi(
            &src.text("/sys/class/dmi/id/sys_vendor").unwrap_or_default(),
            &src.text("/sys/class/dmi/id/product_name").unwrap_or_default(),
        ));
    }
    hypervisor_files(src, &mut found);
    container(src, &mut found);
    if found.subtype.is_some() && found.kind == "physical" {
        found.kind = "virtual";
    }
    let mut out = Dict::new().with("virtual", found.kind);
    if let Some(subtype) = found.subtype {
        out.insert("virtual_subtype", subtype);
    }
    out
}

struct Found {
    kind: &'static str,
    subtype: Option<&'static str>,
}

type Answer = Option<(&'static str, Option<&'static str>)>;

impl Found {
    fn take(&mut self, answer: Answer) {
        if let Some((kind, subtype)) = answer {
            self.kind = kind;
            self.subtype = subtype.or(self.subtype);
        }
    }
}

/// The answer of `systemd-detect-virt`.
fn detect_virt(answer: &str) -> Answer {
    for same in ["qemu", "kvm", "oracle", "xen", "bochs", "chroot", "uml", "systemd-nspawn"] {
        if answer == same {
            return Some((same, None));
        }
    }
    [
        ("vmware", "VMware", None),
        ("microsoft", "VirtualPC", None),
        ("lxc", "container", Some("LXC")),
        ("podman", "container", Some("Podman")),
        ("docker", "container", Some("Docker")),
        ("amazon", "Nitro", Some("Amazon EC2")),
    ]
    .into_iter()
    .find(|(part, ..)| answer.contains(part))
    .map(|(_, kind, subtype)| (kind, subtype))
}

/// What the firmware says, where Salt would ask dmidecode.
fn dmi(vendor: &str, product: &str) -> Answer {
    [
        (vendor.contains("QEMU") || vendor.contains("Bochs"), "kvm", None),
        (vendor.contains("BHYVE") || product.contains("BHYVE"), "bhyve", None),
        (vendor.contains("oVirt"), "kvm", Some("ovirt")),
        (product.contains("RHEV Hypervisor"), "kvm", Some("rhev")),
        (product.contains("VirtualBox"), "VirtualBox", None),
        (product.contains("VMware") || vendor.contains("VMware"), "VMware", None),
        (vendor.contains("Microsoft") && product.contains("Virtual Machine"), "VirtualPC", None),
        (vendor.contains("Parallels"), "Parallels", None),
        (vendor.contains("Amazon EC2"), "Nitro", Some("Amazon EC2")),
        (vendor.contains("Nutanix") && product.contains("AHV"), "kvm", Some("Nutanix AHV")),
        (vendor.contains("Google"), "kvm", None),
    ]
    .into_iter()
    .find(|(is, ..)| *is)
    .map(|(_, kind, subtype)| (kind, subtype))
}

fn hypervisor_files(src: &Source<'_>, found: &mut Found) {
    if src.exists("/proc/vz/version") {
        found.kind = "openvzhn";
    } else if src.exists("/proc/vz/veinfo") {
        found.kind = "openvzve";
    }
    if src.is_dir("/proc/xen") {
        let dom0 = src.text("/proc/xen/capabilities").is_some_and(|t| t.contains("control_d"));
        found.take(Some(("xen", Some(if dom0 { "Xen Dom0" } else { "Xen PV DomU" }))));
    }
    if src.text("/proc/cpuinfo").is_some_and(|t| t.contains("QEMU Virtual CPU")) {
        found.kind = "kvm";
    }
    if let Some(product) = src.text("/sys/devices/virtual/dmi/id/product_name") {
        match () {
            () if product.contains("VirtualBox") => found.kind = "VirtualBox",
            () if product.contains("RHEV Hypervisor") => found.take(Some(("kvm", Some("rhev")))),
            () if product.contains("oVirt Node") => found.take(Some(("kvm", Some("ovirt")))),
            () if product.contains("Google") => found.kind = "gce",
            () if product.contains("BHYVE") => found.kind = "bhyve",
            () => {}
        }
    }
}

fn container(src: &Source<'_>, found: &mut Found) {
    let cgroup = src.text("/proc/1/cgroup").unwrap_or_default();
    if cgroup.contains(":/lxc/") {
        found.take(Some(("container", Some("LXC"))));
    } else if cgroup.contains(":/kubepods/") {
        found.subtype = Some("kubernetes");
    } else if cgroup.contains(":/libpod_parent/") {
        found.subtype = Some("libpod");
    } else if [":/system.slice/docker", ":/docker/", ":/docker-ce/"].iter().any(|p| cgroup.contains(p))
        || src.exists("/.dockerenv")
    {
        found.take(Some(("container", Some("Docker"))));
    } else if src.exists("/run/.containerenv") {
        found.take(Some(("container", Some("Podman"))));
    }
    if found.subtype != Some("LXC")
        && src.text("/proc/1/environ").is_some_and(|e| e.contains("container=lxc"))
    {
        found.take(Some(("container", Some("LXC"))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_systemd() {
        assert_eq!(detect_virt("docker"), Some(("container", Some("Docker"))));
        assert_eq!(detect_virt("kvm"), Some(("kvm", None)));
        assert_eq!(detect_virt("lxc-libvirt"), Some(("container", Some("LXC"))));
        assert_eq!(detect_virt("none"), None);
    }

    #[test]
    fn answers_of_the_firmware() {
        assert_eq!(dmi("QEMU", "Standard PC"), Some(("kvm", None)));
        assert_eq!(dmi("innotek GmbH", "VirtualBox"), Some(("VirtualBox", None)));
        assert_eq!(dmi("Dell Inc.", "PowerEdge"), None);
    }
}
