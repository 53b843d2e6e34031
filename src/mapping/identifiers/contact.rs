//! Ways of reaching somebody.

/// An address as people have them: a local part of up to 64 characters with no point at its ends and none beside
/// another, `@`, a host name of two labels or more whose last is no number; 254 characters at most. Quoted local
/// parts, comments, address literals and letters beyond ASCII are legal and refused: the systems that read the
/// events do not all take them.
pub(super) fn email(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|byte| *byte == b'@') else { return false };
    let (local, host) = (&text[..at], &text[at + 1..]);
    text.len() <= 254
        && local.len() <= 64
        && local
            .split(|byte| *byte == b'.')
            .all(|atom| !atom.is_empty() && atom.iter().copied().all(is_atom))
        && is_host(host)
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_host(host: &[u8]) -> bool {
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    let mut labels = host.rsplit(|byte| *byte == b'.');
    let last = labels.next().unwrap_or_default();
    let top = is_label(last) && last.len() >= 2 && last[0].is_ascii_alphabetic();
    let mut count = 0;
    top && labels.all(|label| {
        count += 1;
        is_label(label)
    }) && count > 0
}

/// `+` and 7 to 15 digits, of which the first, of the country, is not 0. E.164 gives the most and no least; no
/// network has numbers of fewer than seven.
pub(super) fn phone(text: &[u8]) -> bool {
    let [b'+', digits @ ..] = text else { return false };
    (7..=15).contains(&digits.len()) && digits[0] != b'0' && digits.iter().all(u8::is_ascii_digit)
}
