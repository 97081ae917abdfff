//! Versions as package managers order them, and the conditions that states put on them (`>=1.2,<2`).

use std::cmp::Ordering;

use proto::target::glob::Glob;

/// How two versions of one package manager compare.
pub type Compare = fn(&str, &str) -> Ordering;

/// Debian's order: epoch, upstream version, revision; `~` sorts before everything.
pub fn debian(a: &str, b: &str) -> Ordering {
    let ((ea, ua, ra), (eb, ub, rb)) = (debian_parts(a), debian_parts(b));
    ea.cmp(&eb).then_with(|| debian_piece(ua, ub)).then_with(|| debian_piece(ra, rb))
}

fn debian_parts(v: &str) -> (u64, &str, &str) {
    let (epoch, rest) = match v.split_once(':') {
        Some((epoch, rest)) => (epoch.trim().parse().unwrap_or(0), rest),
        None => (0, v),
    };
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream.trim(), revision.trim())
}

/// Letters before other characters, `~` before the end, the end before letters.
fn debian_order(byte: Option<u8>) -> i32 {
    match byte {
        None => 0,
        Some(b) if b.is_ascii_digit() => 0,
        Some(b'~') => -1,
        Some(b) if b.is_ascii_alphabetic() => i32::from(b),
        Some(b) => i32::from(b) + 256,
    }
}

fn debian_piece(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (x, y) = (a.first().copied(), b.first().copied());
            let text = |byte: Option<u8>| byte.is_some_and(|b| !b.is_ascii_digit());
            if !text(x) && !text(y) {
                break;
            }
            match debian_order(x).cmp(&debian_order(y)) {
                Ordering::Equal => {}
                other => return other,
            }
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
        }
        let (x, y);
        (x, a) = leading_number(a);
        (y, b) = leading_number(b);
        match x.len().cmp(&y.len()).then_with(|| x.cmp(y)) {
            Ordering::Equal => {}
            other => return other,
        }
    }
    Ordering::Equal
}

/// The digits in front, without leading zeros: by length, then by text, they compare as numbers of any size.
fn leading_number(text: &[u8]) -> (&[u8], &[u8]) {
    let zeros = text.iter().take_while(|b| **b == b'0').count();
    let text = text.get(zeros..).unwrap_or_default();
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    text.split_at(digits)
}

/// Alpine's order: dotted numbers, a letter, suffixes (`_alpha` … `_p`), `-rN`.
pub fn alpine(a: &str, b: &str) -> Ordering {
    let (a, b) = (alpine_parts(a), alpine_parts(b));
    let numbers = {
        let longest = a.numbers.len().max(b.numbers.len());
        (0..longest).map(|i| a.number(i).cmp(&b.number(i))).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    };
    numbers
        .then(a.letter.cmp(&b.letter))
        .then_with(|| alpine_suffixes(&a, &b))
        .then(a.revision.cmp(&b.revision))
}

#[derive(Default)]
struct Alpine {
    numbers: Vec<u64>,
    letter: Option<char>,
    suffixes: Vec<(i32, u64)>,
    revision: u64,
}

impl Alpine {
    /// A missing part sorts before a zero: 1.0 is older than 1.0.0.
    fn number(&self, at: usize) -> Option<u64> {
        self.numbers.get(at).copied()
    }
}

fn alpine_parts(v: &str) -> Alpine {
    let (v, revision) = match v.rsplit_once("-r") {
        Some((v, r)) if !r.is_empty() && r.bytes().all(|b| b.is_ascii_digit()) => (v, r.parse().unwrap_or(0)),
        _ => (v, 0),
    };
    let mut parts = v.split('_');
    let mut main = parts.next().unwrap_or_default();
    let mut out = Alpine { revision, ..Alpine::default() };
    if let Some(last) = main.chars().last().filter(char::is_ascii_alphabetic) {
        out.letter = Some(last);
        main = main.strip_suffix(last).unwrap_or(main);
    }
    out.numbers = main.split('.').map(|n| n.parse().unwrap_or(0)).collect();
    out.suffixes = parts
        .map(|suffix| {
            let at = suffix.find(|c: char| c.is_ascii_digit()).unwrap_or(suffix.len());
            let (name, number) = suffix.split_at(at);
            let rank = match name {
                "alpha" => -4,
                "beta" => -3,
                "pre" => -2,
                "rc" => -1,
                "cvs" => 1,
                "svn" => 2,
                "git" => 3,
                "hg" => 4,
                "p" => 5,
                _ => 6,
            };
            (rank, number.parse().unwrap_or(0))
        })
        .collect();
    out
}

fn alpine_suffixes(a: &Alpine, b: &Alpine) -> Ordering {
    let longest = a.suffixes.len().max(b.suffixes.len());
    let of = |v: &Alpine, at: usize| v.suffixes.get(at).copied().unwrap_or((0, 0));
    (0..longest).map(|i| of(a, i).cmp(&of(b, i))).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// RPM's order: epoch, version, release; `~` sorts before everything, `^` after the end. A release that only one of
/// them has is not compared.
pub fn rpm(a: &str, b: &str) -> Ordering {
    evr(a, b, |a, b| rpm_piece(a, b, true))
}

/// pacman's order: as RPM's, but that letters at the end mean an earlier version (`1.0rc` before `1.0`).
pub fn pacman(a: &str, b: &str) -> Ordering {
    evr(a, b, |a, b| rpm_piece(a, b, false))
}

fn evr(a: &str, b: &str, piece: impl Fn(&str, &str) -> Ordering) -> Ordering {
    let parts = |v: &'_ str| -> (u64, String, Option<String>) {
        let (epoch, rest) =
            v.split_once(':').map_or((0, v), |(e, rest)| (e.trim().parse().unwrap_or(0), rest));
        match rest.split_once('-') {
            Some((version, release)) => (epoch, version.to_owned(), Some(release.to_owned())),
            None => (epoch, rest.to_owned(), None),
        }
    };
    let ((ea, va, ra), (eb, vb, rb)) = (parts(a), parts(b));
    let releases = || match (&ra, &rb) {
        (Some(ra), Some(rb)) => piece(ra, rb),
        _ => Ordering::Equal,
    };
    ea.cmp(&eb).then_with(|| piece(&va, &vb)).then_with(releases)
}

/// Runs of digits and of letters in turn; what is between them only parts them.
fn rpm_piece(a: &str, b: &str, leftover_wins: bool) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    let skip = |text: &mut &[u8]| {
        let end = text
            .iter()
            .position(|c| c.is_ascii_alphanumeric() || matches!(c, b'~' | b'^'))
            .unwrap_or(text.len());
        *text = text.get(end..).unwrap_or_default();
    };
    loop {
        skip(&mut a);
        skip(&mut b);
        match (a.first(), b.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (Some(b'^'), None) => return Ordering::Greater,
            (None, Some(b'^')) => return Ordering::Less,
            (Some(b'^'), _) => return Ordering::Less,
            (_, Some(b'^')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (Some(left), None) => return leftover(*left, leftover_wins),
            (None, Some(left)) => return leftover(*left, leftover_wins).reverse(),
            (Some(x), Some(y)) => {
                let order = match (x.is_ascii_digit(), y.is_ascii_digit()) {
                    (true, false) => return Ordering::Greater,
                    (false, true) => return Ordering::Less,
                    (true, true) => {
                        let (m, n);
                        (m, a) = leading_number(a);
                        (n, b) = leading_number(b);
                        m.len().cmp(&n.len()).then_with(|| m.cmp(n))
                    }
                    (false, false) => {
                        let (m, n);
                        (m, a) = leading_letters(a);
                        (n, b) = leading_letters(b);
                        m.cmp(n)
                    }
                };
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

/// One version goes on where the other ends.
fn leftover(first: u8, wins: bool) -> Ordering {
    if wins || !first.is_ascii_alphabetic() { Ordering::Greater } else { Ordering::Less }
}

fn leading_letters(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|b| b.is_ascii_alphabetic()).count())
}

/// Splits `>=1.2` into operator and version; no operator (or one `=`) means `==`.
pub fn comparison(spec: &str) -> (&str, &str) {
    let spec = spec.trim();
    let end = spec.find(|c| !matches!(c, '<' | '>' | '=' | '!')).unwrap_or(spec.len());
    let (operator, version) = spec.split_at(end);
    (if matches!(operator, "" | "=") { "==" } else { operator }, version.trim())
}

/// Whether `operator` holds between `installed` and `wanted`; an unknown operator never does.
pub fn holds(
    installed: &str,
    operator: &str,
    wanted: &str,
    ignore_epoch: Option<bool>,
    compare: Compare,
) -> bool {
    // Without an epoch in what is wanted, `==` means the version and nothing else.
    let ignore = ignore_epoch.unwrap_or(!operator.contains(['<', '>']) && !wanted.contains(':'));
    let strip = |v: &'_ str| -> String {
        if ignore { v.split_once(':').map_or(v, |(_, rest)| rest).to_owned() } else { v.to_owned() }
    };
    let order = compare(&strip(installed), &strip(wanted));
    match operator {
        "==" => order.is_eq() || Glob::new(wanted).matches(installed),
        "!=" | "<>" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => false,
    }
}

/// Whether one of the installed versions meets all conditions of a comma-separated list.
pub fn fulfils<S: AsRef<str>>(
    installed: &[S],
    conditions: &str,
    ignore_epoch: Option<bool>,
    allow_updates: bool,
    compare: Compare,
) -> bool {
    let conditions: Vec<(&str, &str)> = match conditions.trim() {
        "" => Vec::new(),
        text => text.split(',').map(comparison).collect(),
    };
    let single = conditions.len() == 1;
    installed.iter().any(|version| {
        conditions.iter().all(|(operator, wanted)| {
            let operator = if allow_updates && single && *operator == "==" { ">=" } else { operator };
            holds(version.as_ref(), operator, wanted, ignore_epoch, compare)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_orders_as_dpkg_does() {
        let rising = [
            "1.0~~",
            "1.0~~a",
            "1.0~",
            "1.0",
            "1.0-1",
            "1.0-1~bpo1",
            "1.0-1+b1",
            "1.0a",
            "1.0+dfsg",
            "1.0.1",
            "1.2",
            "1.10",
            "2.0~rc1",
            "2.0",
            "10",
            "1:0.1",
            "2:0",
        ];
        // dpkg puts `1.0-1~bpo1` before `1.0-1`.
        let mut sorted = rising;
        sorted.sort_by(|a, b| debian(a, b));
        assert_eq!(
            sorted,
            [
                "1.0~~",
                "1.0~~a",
                "1.0~",
                "1.0",
                "1.0-1~bpo1",
                "1.0-1",
                "1.0-1+b1",
                "1.0a",
                "1.0+dfsg",
                "1.0.1",
                "1.2",
                "1.10",
                "2.0~rc1",
                "2.0",
                "10",
                "1:0.1",
                "2:0",
            ]
        );
        assert!(debian("1.0", "1.0-0").is_eq());
        assert!(debian("0:1.0", "1.0").is_eq());
        assert!(debian("1.007", "1.7").is_eq());
        assert!(debian("99999999999999999999998", "99999999999999999999999").is_lt());
    }

    #[test]
    fn alpine_orders_as_apk_does() {
        let rising = [
            "1.2.3_alpha1",
            "1.2.3_rc2",
            "1.2.3",
            "1.2.3-r1",
            "1.2.3-r10",
            "1.2.3_p1",
            "1.2.3a",
            "1.2.10",
            "2",
        ];
        for pair in rising.windows(2) {
            if let [a, b] = pair {
                assert!(alpine(a, b).is_lt(), "{a} < {b}");
                assert!(alpine(b, a).is_gt(), "{b} > {a}");
            }
        }
        assert!(alpine("1.36.1-r15", "1.36.1-r15").is_eq());
    }

    #[test]
    fn rpm_orders_as_rpm_does() {
        let rising = [
            "1.0~rc1",
            "1.0",
            "1.0^git1",
            "1.0a",
            "1.0.1",
            "1.2",
            "1.10",
            "2.0-1.el9",
            "2.0-1.el9_1",
            "2.0-2.el9",
            "10",
            "1:0.1",
        ];
        for pair in rising.windows(2) {
            let [a, b] = pair else { continue };
            assert!(rpm(a, b).is_lt(), "{a} < {b}");
            assert!(rpm(b, a).is_gt(), "{b} > {a}");
        }
        assert!(rpm("2.0", "2.0-1.el9").is_eq(), "a release that nobody asked for is not compared");
        assert!(rpm("1.0_1", "1.0.1").is_eq());
        assert!(
            pacman("1.0rc1", "1.0").is_lt()
                && pacman("1.0.1", "1.0").is_gt()
                && pacman("1:1-1", "2-1").is_gt()
        );
    }

    #[test]
    fn conditions() {
        assert_eq!(comparison(">= 1.2"), (">=", "1.2"));
        assert_eq!(comparison("1.2"), ("==", "1.2"));
        assert_eq!(comparison("=1.2"), ("==", "1.2"));
        let fulfils = |v: &str, c: &str| super::fulfils(&[v], c, None, false, debian);
        assert!(fulfils("1.5-1", ">=1.2, <2"));
        assert!(!fulfils("2.5-1", ">=1.2,<2"));
        assert!(fulfils("1:1.5-1", "1.5-1"), "an epoch that is not asked for is not compared");
        assert!(!fulfils("1:1.5-1", "<1.6"), "but it is in an order");
        assert!(fulfils("1.5-1", "1.5*"));
        assert!(super::fulfils(&["1.6"], "1.5", None, true, debian));
    }
}
