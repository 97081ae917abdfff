//! Processors, memory, disks and firmware, from `/proc` and `/sys`.

use data::{Dict, Value};

use super::Source;

/// num_cpus, cpu_model, cpu_flags, mem_total, swap_total, disks, ssds, bios*, efi.
pub(super) fn grains(src: &Source<'_>) -> Dict {
    let mut out = cpu(&src.text("/proc/cpuinfo").unwrap_or_default());
    out.extend(memory(&src.text("/proc/meminfo").unwrap_or_default()));
    out.extend(disks(src));
    out.extend(firmware(src));
    // Salt asks lspci; a container has neither it nor the devices.
    out.insert("num_gpus", 0);
    out.insert("gpus", Value::list());
    out.insert("fibre_channel_host", src.is_dir("/sys/class/fc_host"));
    out.insert("transactional", src.which("transactional-update").is_some());
    out
}

fn cpu(cpuinfo: &str) -> Dict {
    let (mut count, mut model, mut flags) = (0i64, "Unknown".to_owned(), Vec::<Value>::new());
    for line in cpuinfo.lines() {
        let mut parts = line.split(':');
        let (Some(key), Some(value)) = (parts.next(), parts.next()) else { continue };
        let value = value.trim();
        match key.trim() {
            "processor" => count += 1,
            "# processors" => count = value.parse().unwrap_or(count),
            "vendor_id" | "model name" | "cpu" => model = value.to_owned(),
            // The same list for every processor: read it once.
            "flags" | "Features" if flags.is_empty() => {
                flags = value.split_whitespace().map(Value::from).collect();
            }
            "Processor" => {
                model = value.split('-').next().unwrap_or(value).to_owned();
                count = 1;
            }
            _ => {}
        }
    }
    Dict::new().with("num_cpus", count).with("cpu_model", model).with("cpu_flags", flags)
}

/// In MiB, as Salt has them.
fn memory(meminfo: &str) -> Dict {
    let of = |key: &str| -> Option<i64> {
        let line = meminfo.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':'))?;
        Some(line.split_whitespace().next()?.parse::<i64>().ok()? / 1024)
    };
    let mut out = Dict::new().with("mem_total", of("MemTotal").unwrap_or(0));
    if let Some(swap) = of("SwapTotal") {
        out.insert("swap_total", swap);
    }
    out
}

fn disks(src: &Source<'_>) -> Dict {
    let (mut disks, mut ssds) = (Vec::new(), Vec::new());
    for name in src.list("/sys/block") {
        let is_virtual =
            src.link(&format!("/sys/block/{name}")).is_none_or(|to| to.starts_with("../devices/virtual/"));
        if is_virtual {
            continue;
        }
        match src.text(&format!("/sys/block/{name}/queue/rotational")).as_deref().map(str::trim) {
            Some("0") => ssds.push(name),
            Some("1") => disks.push(name),
            _ => {}
        }
    }
    Dict::new().with("disks", disks).with("ssds", ssds)
}

fn firmware(src: &Source<'_>) -> Dict {
    let mut out = Dict::new();
    for (grain, file) in [
        ("biosversion", "bios_version"),
        ("biosvendor", "bios_vendor"),
        ("boardname", "board_name"),
        ("productname", "product_name"),
        ("manufacturer", "sys_vendor"),
        ("biosreleasedate", "bios_date"),
        ("uuid", "product_uuid"),
        ("serialnumber", "product_serial"),
    ] {
        if let Some(text) = src.text(&format!("/sys/class/dmi/id/{file}")) {
            let text = text.trim();
            out.insert(grain, if grain == "uuid" { text.to_lowercase() } else { text.to_owned() });
        }
    }
    let vars = ["/sys/firmware/efi/efivars", "/sys/firmware/efi/vars"].into_iter().find(|p| src.exists(p));
    out.insert("efi", vars.is_some());
    out.insert("efi-secure-boot", vars.is_some_and(|dir| secure_boot(src, dir)));
    out
}

fn secure_boot(src: &Source<'_>, dir: &str) -> bool {
    let found: Vec<String> = src.list(dir).into_iter().filter(|n| n.starts_with("SecureBoot-")).collect();
    let [name] = found.as_slice() else { return false };
    let path = if dir.ends_with("efivars") { format!("{dir}/{name}") } else { format!("{dir}/{name}/data") };
    src.bytes(&path).and_then(|b| b.last().copied()) == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arm_processors_have_features() {
        let cpu = cpu("processor\t: 0\nFeatures\t: fp asimd\nprocessor\t: 1\nFeatures\t: fp asimd\n");
        assert_eq!(cpu.get("num_cpus"), Some(&Value::from(2)));
        assert_eq!(cpu.get("cpu_flags"), Some(&Value::from(vec!["fp", "asimd"])));
        assert_eq!(cpu.get("cpu_model"), Some(&Value::from("Unknown")));
    }

    #[test]
    fn memory_is_in_mebibytes() {
        let mem = memory("MemTotal:       24683848 kB\nMemFree: 1 kB\nSwapTotal:             0 kB\n");
        assert_eq!(mem.get("mem_total"), Some(&Value::from(24105)));
        assert_eq!(mem.get("swap_total"), Some(&Value::from(0)));
    }
}
