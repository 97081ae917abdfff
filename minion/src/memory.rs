//! The memory of a minion that has nothing to do: most minions, most of the time, and many on one machine.

use std::time::Duration;

use crate::job::Jobs;

/// A minion that had nothing to do for so long is idle.
const QUIET: Duration = Duration::from_secs(2);

/// Gives memory back whenever there was nothing to do for a while. Never ends; wakes up after jobs only.
pub(crate) async fn give_back_when_idle(jobs: &Jobs) {
    loop {
        // A minion at work needs it again at once.
        while tokio::time::timeout(QUIET, jobs.changed()).await.is_ok() {}
        if jobs.count() == 0 {
            give_back();
        }
        jobs.changed().await;
    }
}

/// Keeps the heap such that it can be given back; to be called before there are threads.
///
/// glibc trims the top of its first arena alone, and keeps as much as the largest piece that was ever freed:
/// measured, 6.7 MiB for good after one large file was read on a job's thread.
pub fn keep_trimmable() {
    #[cfg(target_env = "gnu")]
    {
        // From malloc.h; see mallopt(3). A threshold that is set does not grow any more.
        const M_MMAP_THRESHOLD: std::ffi::c_int = -3;
        const M_ARENA_MAX: std::ffi::c_int = -8;
        unsafe extern "C" {
            safe fn mallopt(parameter: std::ffi::c_int, value: std::ffi::c_int) -> std::ffi::c_int;
        }
        mallopt(M_ARENA_MAX, 1);
        mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    }
}

/// Gives the system what only past work needed: free heap, and the code that ran.
fn give_back() {
    trim_heap();
    if let Ok(maps) = std::fs::read_to_string("/proc/self/maps") {
        for (start, end) in maps.lines().filter_map(code) {
            unmap_clean(start, end);
        }
    }
}

/// The range of a line of `/proc/self/maps` when that is a program's or a library's code.
fn code(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    // Private, and nobody can have written to it.
    if fields.next()? != "r-xp" || !fields.nth(3)?.starts_with('/') {
        return None;
    }
    Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
}

/// Lets go of pages that are as in their file. Those that run again come back from the page cache.
fn unmap_clean(start: usize, end: usize) {
    let at = std::ptr::with_exposed_provenance_mut(start);
    // SAFETY: the range is mapped from a file, privately and read-only: dropping its pages changes nothing
    // that can be read there. Code is never unmapped while this runs, and if it were, the call would fail.
    let _ = unsafe { rustix::mm::madvise(at, end - start, rustix::mm::Advice::LinuxDontNeed) };
}

#[cfg(target_env = "gnu")]
fn trim_heap() {
    unsafe extern "C" {
        safe fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    malloc_trim(0);
}

#[cfg(not(target_env = "gnu"))]
fn trim_heap() {}

#[cfg(test)]
mod tests {
    use super::*;

    fn resident() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn only_clean_code_is_let_go() {
        let line = "0041d000-00a0a000 r-xp 0021c000 fe:00 10830090                   /usr/bin/rsalt-minion";
        assert_eq!(code(line), Some((0x41d000, 0xa0a000)));
        for other in [
            "00a0f000-00a14000 rw-p 0080c000 fe:00 10830090                   /usr/bin/rsalt-minion",
            "00a0a000-00a0f000 r--p 00808000 fe:00 10830090                   /usr/bin/rsalt-minion",
            "00a0a000-00a0f000 rwxp 00808000 fe:00 10830090                   /usr/bin/rsalt-minion",
            "1d835000-1d913000 rw-p 00000000 00:00 0                          [heap]",
            "7f9b36ffa000-7f9b36ffc000 r-xp 00000000 00:00 0                  [vdso]",
            "7f9b36ffa000-7f9b36ffc000 r-xp 00000000 00:00 0",
            "",
        ] {
            assert_eq!(code(other), None, "{other}");
        }
    }

    #[test]
    fn memory_goes_down_and_all_goes_on() {
        // Small pieces with one that stays at the top: the heap does not shrink by itself.
        let pieces: Vec<Vec<u8>> = (0..10_000).map(|_| vec![1; 4000]).collect();
        let last = vec![2u8; 4000];
        drop(pieces);
        let before = resident();
        give_back();
        let after = resident();
        assert!(after + 5000 < before, "{before} pages before, {after} after");
        assert!(last.iter().all(|b| *b == 2));
    }
}
