//! Files that say something about other files: markers and manifests.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
};

/// What a manifest says of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<String>,
    pub(crate) records: Option<u64>,
}

/// The file that goes with `name` by a pattern with `{name}` or `{stem}`.
pub(crate) fn companion_of(pattern: &Option<String>, name: &OsStr) -> Option<OsString> {
    let pattern = pattern.as_deref()?;
    let bytes = name.as_bytes();
    let stem = bytes.iter().rposition(|&byte| byte == b'.').map_or(bytes, |dot| &bytes[..dot]);
    let (before, after, middle) = match pattern.split_once("{name}") {
        Some((before, after)) => (before, after, bytes),
        None => pattern.split_once("{stem}").map(|(before, after)| (before, after, stem))?,
    };
    Some(OsString::from_vec([before.as_bytes(), middle, after.as_bytes()].concat()))
}

/// Whether a name can be a companion by this pattern, and so is not data.
pub(super) fn is_companion(pattern: &Option<String>, name: &OsStr) -> bool {
    let Some(pattern) = pattern.as_deref() else { return false };
    let Some((before, after)) =
        pattern.split_once("{name}").or_else(|| pattern.split_once("{stem}"))
    else {
        return name == pattern;
    };
    let bytes = name.as_bytes();
    bytes.len() > before.len() + after.len()
        && bytes.starts_with(before.as_bytes())
        && bytes.ends_with(after.as_bytes())
}

/// The line of a manifest about `name`: `name,size,sha256,records`, or `HASH  name` as `sha256sum` writes it.
pub(super) fn promise_in(text: &[u8], name: &OsStr) -> Option<Promise> {
    let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > 66
            && (&line[64..66] == b"  " || &line[64..66] == b" *")
            && &line[66..] == name.as_bytes()
        {
            let hash = std::str::from_utf8(&line[..64]).ok().filter(|hash| is_hash(hash))?;
            return Some(Promise { sha256: Some(hash.to_ascii_lowercase()), ..Promise::default() });
        }
        let Some(rest) = line.strip_prefix(name.as_bytes()) else { continue };
        let Some(rest) = rest.strip_prefix(b",") else { continue };
        let mut fields = std::str::from_utf8(rest).ok()?.split(',').map(str::trim);
        let mut field = || fields.next().filter(|field| !field.is_empty());
        let size = field().map(str::parse).transpose().ok()?;
        let sha256 = field().map(str::to_ascii_lowercase);
        let records = field().map(str::parse).transpose().ok()?;
        return Some(Promise { size, sha256, records });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companions_follow_name_or_stem_and_are_not_data() {
        let of = |pattern: &str, name| companion_of(&Some(pattern.to_owned()), OsStr::new(name));
        assert_eq!(of("{name}.ok", "a.csv"), Some("a.csv.ok".into()));
        assert_eq!(of("OK_{stem}.txt", "a.b.csv"), Some("OK_a.b.txt".into()));
        assert_eq!(of("MANIFEST", "a.csv"), None);
        let is = |pattern: &str, name| is_companion(&Some(pattern.to_owned()), OsStr::new(name));
        assert!(is("{name}.ok", "a.csv.ok") && is("MANIFEST", "MANIFEST"));
        assert!(!is("{name}.ok", "a.csv") && !is("{name}.ok", ".ok"));
    }

    #[test]
    fn a_manifest_is_read_in_both_forms_and_by_exact_name() {
        let hash = "AB".repeat(32);
        let text = format!(
            "# files\r\naa.csv,1,,\r\na.csv,12,{hash},3\r\n{hash}  b, c.csv\n{hash} *d.csv\nbad.csv,x,,\n"
        );
        let of = |name| promise_in(text.as_bytes(), OsStr::new(name));
        let lower = Some(hash.to_lowercase());
        let all = Promise { size: Some(12), sha256: lower.clone(), records: Some(3) };
        assert_eq!(of("a.csv"), Some(all));
        assert_eq!(of("aa.csv"), Some(Promise { size: Some(1), ..Promise::default() }));
        for name in ["b, c.csv", "d.csv"] {
            assert_eq!(of(name), Some(Promise { sha256: lower.clone(), ..Promise::default() }));
        }
        assert_eq!((of("csv"), of("bad.csv")), (None, None), "an unreadable line promises nothing");
    }
}
