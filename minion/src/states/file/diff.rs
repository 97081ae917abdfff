//! Unified diffs as Python's `difflib` makes them: the same blocks, so that changes read as Salt's do.

use std::borrow::Cow;
use std::collections::HashMap;

/// Lines around a change.
const CONTEXT: usize = 3;
/// From so many lines on, lines that come up in more than 1 % of them do not anchor a block.
const POPULAR_FROM: usize = 200;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Equal,
    Replace,
    Delete,
    Insert,
}

#[derive(Clone, Copy)]
struct Op {
    tag: Tag,
    a: (usize, usize),
    b: (usize, usize),
}

/// The diff of two lists of lines; empty when they are equal. `end` ends the lines of the headers.
pub(crate) fn unified(a: &[&str], b: &[&str], end: &str) -> Vec<String> {
    let mut out = Vec::new();
    for group in grouped(&ops(a, b)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        if out.is_empty() {
            out.push(format!("--- {end}"));
            out.push(format!("+++ {end}"));
        }
        let (from, to) = (range(first.a.0, last.a.1), range(first.b.0, last.b.1));
        out.push(format!("@@ -{from} +{to} @@{end}"));
        for op in &group {
            let old = a.get(op.a.0..op.a.1).unwrap_or_default();
            let new = b.get(op.b.0..op.b.1).unwrap_or_default();
            if op.tag == Tag::Equal {
                out.extend(old.iter().map(|line| format!(" {line}")));
                continue;
            }
            if matches!(op.tag, Tag::Replace | Tag::Delete) {
                out.extend(old.iter().map(|line| format!("-{line}")));
            }
            if matches!(op.tag, Tag::Replace | Tag::Insert) {
                out.extend(new.iter().map(|line| format!("+{line}")));
            }
        }
    }
    out
}

fn range(start: usize, stop: usize) -> String {
    match stop.saturating_sub(start) {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        length => format!("{},{length}", start + 1),
    }
}

/// Where lines of `b` are, without the popular ones.
fn places<'a>(b: &[&'a str]) -> HashMap<&'a str, Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, line) in b.iter().enumerate() {
        places.entry(line).or_default().push(i);
    }
    if b.len() >= POPULAR_FROM {
        let most = b.len() / 100 + 1;
        places.retain(|_, at| at.len() <= most);
    }
    places
}

/// The longest block that both have within the bounds; the earliest of several.
fn longest(
    a: &[&str],
    b: &[&str],
    places: &HashMap<&str, Vec<usize>>,
    (alo, ahi): (usize, usize),
    (blo, bhi): (usize, usize),
) -> (usize, usize, usize) {
    let (mut besti, mut bestj, mut size) = (alo, blo, 0);
    let mut lengths: HashMap<usize, usize> = HashMap::new();
    for i in alo..ahi {
        let mut next = HashMap::new();
        let at = a.get(i).and_then(|line| places.get(line)).map(Vec::as_slice).unwrap_or_default();
        for &j in at {
            if j < blo {
                continue;
            }
            if j >= bhi {
                break;
            }
            let k = j.checked_sub(1).and_then(|before| lengths.get(&before)).copied().unwrap_or(0) + 1;
            next.insert(j, k);
            if k > size {
                (besti, bestj, size) = (i + 1 - k, j + 1 - k, k);
            }
        }
        lengths = next;
    }
    let same = |i: usize, j: usize| a.get(i) == b.get(j);
    while besti > alo && bestj > blo && same(besti - 1, bestj - 1) {
        (besti, bestj, size) = (besti - 1, bestj - 1, size + 1);
    }
    while besti + size < ahi && bestj + size < bhi && same(besti + size, bestj + size) {
        size += 1;
    }
    (besti, bestj, size)
}

fn blocks(a: &[&str], b: &[&str]) -> Vec<(usize, usize, usize)> {
    let places = places(b);
    let mut queue = vec![((0, a.len()), (0, b.len()))];
    let mut found = Vec::new();
    while let Some(((alo, ahi), (blo, bhi))) = queue.pop() {
        let (i, j, k) = longest(a, b, &places, (alo, ahi), (blo, bhi));
        if k == 0 {
            continue;
        }
        found.push((i, j, k));
        if alo < i && blo < j {
            queue.push(((alo, i), (blo, j)));
        }
        if i + k < ahi && j + k < bhi {
            queue.push(((i + k, ahi), (j + k, bhi)));
        }
    }
    found.sort_unstable();
    // Blocks that touch are one.
    let mut joined: Vec<(usize, usize, usize)> = Vec::new();
    for (i, j, k) in found {
        match joined.last_mut() {
            Some((li, lj, lk)) if *li + *lk == i && *lj + *lk == j => *lk += k,
            _ => joined.push((i, j, k)),
        }
    }
    joined.push((a.len(), b.len(), 0));
    joined
}

fn ops(a: &[&str], b: &[&str]) -> Vec<Op> {
    let (mut i, mut j) = (0, 0);
    let mut ops = Vec::new();
    for (ai, bj, size) in blocks(a, b) {
        let tag = match (i < ai, j < bj) {
            (true, true) => Some(Tag::Replace),
            (true, false) => Some(Tag::Delete),
            (false, true) => Some(Tag::Insert),
            (false, false) => None,
        };
        if let Some(tag) = tag {
            ops.push(Op { tag, a: (i, ai), b: (j, bj) });
        }
        (i, j) = (ai + size, bj + size);
        if size > 0 {
            ops.push(Op { tag: Tag::Equal, a: (ai, i), b: (bj, j) });
        }
    }
    ops
}

/// Changes with the lines around them; far ones apart.
fn grouped(ops: &[Op]) -> Vec<Vec<Op>> {
    let mut ops = ops.to_vec();
    if let Some(first) = ops.first_mut()
        && first.tag == Tag::Equal
    {
        first.a.0 = first.a.0.max(first.a.1.saturating_sub(CONTEXT));
        first.b.0 = first.b.0.max(first.b.1.saturating_sub(CONTEXT));
    }
    if let Some(last) = ops.last_mut()
        && last.tag == Tag::Equal
    {
        last.a.1 = last.a.1.min(last.a.0 + CONTEXT);
        last.b.1 = last.b.1.min(last.b.0 + CONTEXT);
    }
    let mut groups = Vec::new();
    let mut group: Vec<Op> = Vec::new();
    for mut op in ops {
        if op.tag == Tag::Equal && op.a.1 - op.a.0 > 2 * CONTEXT {
            group.push(Op {
                a: (op.a.0, op.a.1.min(op.a.0 + CONTEXT)),
                b: (op.b.0, op.b.1.min(op.b.0 + CONTEXT)),
                ..op
            });
            groups.push(std::mem::take(&mut group));
            op.a.0 = op.a.0.max(op.a.1.saturating_sub(CONTEXT));
            op.b.0 = op.b.0.max(op.b.1.saturating_sub(CONTEXT));
        }
        group.push(op);
    }
    groups.push(group);
    groups.retain(|g| g.iter().any(|op| op.tag != Tag::Equal));
    groups
}

/// The text that Salt puts under `diff`; empty when both are equal.
pub(crate) fn of_files(old: &[u8], new: &[u8]) -> String {
    if old == new {
        return String::new();
    }
    match (is_text(old), is_text(new)) {
        (false, false) => return "Replace binary file".to_owned(),
        (false, true) => return "Replace binary file with text file".to_owned(),
        (true, false) => return "Replace text file with binary file".to_owned(),
        (true, true) => {}
    }
    of_texts(&decoded(old), &decoded(new))
}

/// The text of bytes: lines that are not UTF-8 are taken for Latin-1.
fn decoded(data: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(data) {
        return text.into();
    }
    let line = |line: &[u8]| match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    };
    data.split_inclusive(|byte| *byte == b'\n').map(line).collect::<String>().into()
}

/// The diff of two texts; empty when both are equal.
pub(crate) fn of_texts(old: &str, new: &str) -> String {
    let lines = |text| -> Vec<_> { str::split_inclusive(text, '\n').collect() };
    unified(&lines(old), &lines(new), "\n").concat()
}

/// So many bytes tell whether a file is text.
pub(crate) const BLOCK: usize = 512;

/// Salt's guess whether a file is text, from its beginning.
pub(crate) fn is_text(data: &[u8]) -> bool {
    let block = data.get(..BLOCK).unwrap_or(data);
    if block.contains(&0) {
        return false;
    }
    match std::str::from_utf8(block) {
        Ok(_) => return true,
        // A character cut in two by the end of the block is none the worse.
        Err(e) if e.error_len().is_none() => return true,
        Err(_) => {}
    }
    let plain = |b: &&u8| matches!(**b, 32..=126 | b'\n' | b'\r' | b'\t' | 0x0c | 0x08);
    let odd = block.len() - block.iter().filter(plain).count();
    odd as f64 / block.len() as f64 <= 0.30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diffs_read_as_pythons() {
        let old = "old line\nsame line\n";
        let new = "new line\nsame line\nanother\n";
        assert_eq!(
            of_files(old.as_bytes(), new.as_bytes()),
            "--- \n+++ \n@@ -1,2 +1,3 @@\n-old line\n+new line\n same line\n+another\n"
        );
        assert_eq!(of_files(b"", b"a\n"), "--- \n+++ \n@@ -0,0 +1 @@\n+a\n");
        assert_eq!(of_files(b"a\n", b""), "--- \n+++ \n@@ -1 +0,0 @@\n-a\n");
        assert_eq!(of_files(b"a", b"b"), "--- \n+++ \n@@ -1 +1 @@\n-a+b");
        assert_eq!(of_files(b"a\n", b"a\n"), "");
        assert_eq!(of_files(b"a\n", b"\x00\x01"), "Replace text file with binary file");
    }

    #[test]
    fn far_changes_are_groups_apart() {
        let lines: Vec<String> = (0..30).map(|i| format!("{i}\n")).collect();
        let a: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut b = a.clone();
        b[2] = "x\n";
        b.remove(25);
        let text = unified(&a, &b, "\n").concat();
        assert_eq!(
            text,
            "--- \n+++ \n@@ -1,6 +1,6 @@\n 0\n 1\n-2\n+x\n 3\n 4\n 5\n@@ -23,7 +23,6 @@\n 22\n 23\n 24\n-25\n 26\n 27\n 28\n"
        );
    }
}
