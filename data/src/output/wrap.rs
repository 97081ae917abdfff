//! Python's `textwrap.fill`, for the warnings of states.

/// `TextWrapper(width, initial_indent, subsequent_indent).fill(text)`, both indents `indent` spaces.
pub fn fill(text: &str, width: usize, indent: usize) -> String {
    let clean: String = expand_tabs(text)
        .chars()
        .map(|c| if matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r') { ' ' } else { c })
        .collect();
    let room = width.saturating_sub(indent).max(1);
    let mut chunks = split(&clean);
    chunks.reverse();
    let mut lines: Vec<String> = Vec::new();
    while !chunks.is_empty() {
        let mut line: Vec<String> = Vec::new();
        let mut length = 0;
        if !lines.is_empty() && chunks.last().is_some_and(|c| is_blank(c)) {
            chunks.pop();
        }
        while let Some(chunk) = chunks.last() {
            let n = chunk.chars().count();
            if length + n > room {
                break;
            }
            length += n;
            line.extend(chunks.pop());
        }
        if let Some(chunk) = chunks.last_mut().filter(|c| c.chars().count() > room) {
            let take = room.saturating_sub(length).max(1);
            let cut = chunk.char_indices().nth(take).map_or(chunk.len(), |(at, _)| at);
            let rest = chunk.split_off(cut);
            line.push(std::mem::replace(chunk, rest));
        }
        if line.last().is_some_and(|c| is_blank(c)) {
            line.pop();
        }
        if !line.is_empty() {
            lines.push(format!("{:indent$}{}", "", line.concat()));
        }
    }
    lines.join("\n")
}

fn is_blank(chunk: &str) -> bool {
    chunk.chars().all(|c| c == ' ')
}

fn expand_tabs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let n = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', n));
                column += n;
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

/// Words, the blanks between them, and the parts of words that a hyphen divides.
fn split(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied();
    let letter = |i: usize| at(i).is_some_and(|c| c.is_alphabetic());
    let word = |i: usize| at(i).is_some_and(|c| c.is_alphanumeric() || c == '_');
    let before_dash = |i: usize| word(i) || at(i).is_some_and(|c| "!\"'&.,?".contains(c));
    let dashes = |i: usize| chars.get(i..).unwrap_or(&[]).iter().take_while(|c| **c == '-').count();
    let mut chunks: Vec<String> = Vec::new();
    let mut push = |from: usize, to: usize| {
        let chunk: String = chars.get(from..to).unwrap_or(&[]).iter().collect();
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
    };
    let mut begin = 0;
    let mut i = 0;
    while i < chars.len() {
        if at(i) == Some(' ') {
            push(begin, i);
            let end = (i..chars.len()).find(|j| at(*j) != Some(' ')).unwrap_or(chars.len());
            push(i, end);
            (i, begin) = (end, end);
            continue;
        }
        let n = dashes(i);
        if n >= 2 && i > 0 && before_dash(i - 1) && word(i + n) {
            push(begin, i);
            push(i, i + n);
            (i, begin) = (i + n, i + n);
            continue;
        }
        if n > 0 {
            i += 1;
            continue;
        }
        // A word starts here: to its end, to a hyphen between letters, or to a dash.
        push(begin, i);
        let start = i;
        i += 1;
        loop {
            if at(i).is_none_or(|c| c == ' ') {
                break;
            }
            let n = dashes(i);
            if n >= 2 && before_dash(i - 1) && word(i + n) {
                break;
            }
            if n >= 1 {
                let behind = (i >= start + 2 && letter(i - 1) && letter(i - 2))
                    || (i >= start + 3 && letter(i - 1) && at(i - 2) == Some('-') && letter(i - 3));
                let ahead = letter(i + 1) && (letter(i + 2) || (at(i + 2) == Some('-') && letter(i + 3)));
                if behind && ahead {
                    i += 1;
                    break;
                }
            }
            i += 1;
        }
        push(start, i);
        begin = i;
    }
    push(begin, chars.len());
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_as_textwrap_does() {
        let text = "the quick well-known brown-ish fox--jumps over\tthe 2-3 lazy a-b dogs";
        assert_eq!(
            fill(text, 20, 2),
            "  the quick well-\n  known brown-ish\n  fox--jumps over\n  the 2-3 lazy a-b\n  dogs"
        );
        assert_eq!(fill("abcdefghijklmnop", 10, 2), "  abcdefgh\n  ijklmnop");
        assert_eq!(fill("", 10, 2), "");
    }
}
