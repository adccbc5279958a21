//! Whether a program asks, or a person's browser.

use http::header::{ACCEPT, HeaderMap};

/// How well a type is liked: by its weight in thousandths, then by how exactly it was named (RFC 9110 section 12.5.1).
type Liking = (u16, u8);

/// Whether JSON is liked better than HTML. Who likes both as well gets the page.
pub(super) fn prefers_json(headers: &HeaderMap) -> bool {
    let (mut html, mut json) = (None, None);
    let lines = headers.get_all(ACCEPT).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    for range in lines.flat_map(|line| line.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(weight).unwrap_or(1000);
        for (liking, group, own) in [
            (&mut html, "text/*", "text/html"),
            (&mut json, "application/*", "application/json"),
        ] {
            let exactness = match name {
                "*/*" => 1,
                name if name.eq_ignore_ascii_case(group) => 2,
                name if name.eq_ignore_ascii_case(own) => 3,
                _ => continue,
            };
            // The most exact range holds, whatever the others weigh.
            if liking.is_none_or(|(_, known): Liking| known < exactness) {
                *liking = Some((weight, exactness));
            }
        }
    }
    let liked = |liking: Option<Liking>| liking.filter(|&(weight, _)| weight > 0);
    liked(json) > liked(html)
}

/// The weight that a parameter says (RFC 9110 section 12.4.2). One that cannot be read weighs nothing.
fn weight(parameter: &str) -> Option<u16> {
    let value = parameter
        .strip_prefix("q=")
        .or_else(|| parameter.strip_prefix("Q="))?;
    let weight: f32 = value.parse().unwrap_or(0.0);
    Some((weight.clamp(0.0, 1.0) * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn who_names_json_gets_it_and_who_takes_anything_a_page() {
        for (accept, json) in [
            ("application/json", true),
            ("Application/JSON", true),
            ("application/json, text/plain, */*", true),
            ("application/*", true),
            ("text/html;q=0.5, application/json;q=0.6", true),
            ("text/html;q=0, */*", true),
            ("text/html, application/json", false),
            ("text/html, application/json;q=0.9", false),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                false,
            ),
            ("application/json;q=0", false),
            ("application/json;q=nan", false),
            ("*/*", false),
            ("text/*", false),
            ("image/png", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(prefers_json(&headers), json, "{accept}");
        }
        assert!(!prefers_json(&HeaderMap::new()));
    }
}
