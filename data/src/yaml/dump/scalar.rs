//! Which style a scalar is written in, and how its characters are escaped.

use super::Scalar;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

pub(super) fn choose_style(scalar: &Scalar<'_>, simple_key: bool, flow: bool, unicode: bool) -> Style {
    let text = &*scalar.text;
    let fits = analyse(text, unicode);
    if simple_key && fits.multiline {
        return Style::Double;
    }
    if scalar.binary {
        return if fits.block && !flow && !simple_key { Style::Literal } else { Style::Double };
    }
    let plain = if flow { fits.flow_plain } else { fits.block_plain };
    if plain && scalar.plain && !(text.is_empty() && (flow || simple_key)) {
        return Style::Plain;
    }
    if fits.single_quoted { Style::Single } else { Style::Double }
}

pub(super) fn is_multiline(text: &str) -> bool {
    text.chars().any(is_break)
}

/// In which styles a text comes back as it was.
struct Fits {
    multiline: bool,
    flow_plain: bool,
    block_plain: bool,
    single_quoted: bool,
    block: bool,
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_end(c: Option<char>) -> bool {
    c.is_none_or(|c| c == ' ' || c == '\t' || is_break(c))
}

/// What libyaml writes as it is; characters beyond the BMP it escapes.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn analyse(text: &str, unicode: bool) -> Fits {
    if text.is_empty() {
        return Fits {
            multiline: false,
            flow_plain: false,
            block_plain: true,
            single_quoted: true,
            block: false,
        };
    }
    // Words, paths and versions need no closer look.
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'.');
    if text.bytes().enumerate().all(|(at, b)| harmless(b) || (b == b'-' && at > 0))
        && !text.starts_with("...")
    {
        return Fits {
            multiline: false,
            flow_plain: true,
            block_plain: true,
            single_quoted: true,
            block: true,
        };
    }
    let marked = text.starts_with("---") || text.starts_with("...");
    let (mut block_indicators, mut flow_indicators) = (marked, marked);
    let (mut breaks, mut special) = (false, false);
    let (mut break_space, mut space_break) = (false, false);
    let (mut previous_space, mut previous_break, mut after_blank) = (false, false, true);
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let before_blank = is_blank_or_end(chars.peek().copied());
        match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`'
                if first =>
            {
                flow_indicators = true;
                block_indicators = true;
            }
            '?' | ':' if first => {
                flow_indicators = true;
                block_indicators |= before_blank;
            }
            '-' if first && before_blank => {
                flow_indicators = true;
                block_indicators = true;
            }
            ',' | '?' | '[' | ']' | '{' | '}' => flow_indicators = true,
            ':' => {
                flow_indicators = true;
                block_indicators |= before_blank;
            }
            '#' if after_blank => {
                flow_indicators = true;
                block_indicators = true;
            }
            _ => {}
        }
        special |= !is_printable(c) || !(unicode || c.is_ascii());
        if is_break(c) {
            breaks = true;
            space_break |= previous_space;
            (previous_space, previous_break) = (false, true);
        } else if c == ' ' {
            break_space |= previous_break;
            (previous_space, previous_break) = (true, false);
        } else {
            (previous_space, previous_break) = (false, false);
        }
        after_blank = is_blank_or_end(Some(c));
        first = false;
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
    let edges = edge(text.chars().next()) || edge(text.chars().next_back());
    let broken = space_break || special;
    let plain = !(edges || break_space || broken || breaks);
    Fits {
        multiline: breaks,
        flow_plain: plain && !flow_indicators,
        block_plain: plain && !block_indicators,
        single_quoted: !(break_space || broken),
        block: !(broken || text.ends_with(' ')),
    }
}

/// How a character is written in double quotes; none if as it is.
pub(super) fn escape(c: char, unicode: bool) -> Option<String> {
    if is_printable(c) && (unicode || c.is_ascii()) && !is_break(c) && c != '"' && c != '\\' {
        return None;
    }
    let short = match c {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        c => {
            let code = u32::from(c);
            return Some(match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            });
        }
    };
    Some(short.to_owned())
}
